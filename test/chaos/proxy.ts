/**
 * Stands between every process of the system and AWS: makes trouble, sees the tasks' writes, and gives whoever wants to
 * kill a process the instants just before and just after each request.
 * @module
 */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { refusalOf, type Service, targetOf, troubleOf } from "./aws-faults.ts";
import { randomOf } from "./random.ts";
import type { Tally } from "./tally.ts";

export interface Asked {
  /** The process that asks. */
  readonly by: string;
  readonly service: Service;
  readonly operation: string;
  readonly body: Buffer;
}

export interface ProxyOptions {
  readonly seed: number;
  /** Share of the requests that meet trouble. */
  readonly troubleRate: number;
  /** How many times faster than the machine's the system's time runs: delays of messages are shortened by it. */
  readonly speed: number;
  readonly tally: Tally;
  /** Where a service is for this process. */
  readonly addressOf: (service: Service, by: string) => string;
  /** Told before a request is handed on, and after its answer came; who throws takes the request with it. */
  readonly before: (asked: Asked) => Promise<void> | void;
  readonly after: (asked: Asked, status: number) => Promise<void> | void;
  /** Events that somebody put. */
  readonly onEvents: (entries: readonly Record<string, string>[]) => void;
}

export interface FaultProxy {
  /** An address for one kind of process. */
  open(by: string): Promise<string>;
  /** From here on nothing goes wrong any more. */
  calm(): void;
  close(): Promise<void>;
}

const HOLD_MS = 1_500;
/** Share of the requests for a task that ECS has no place for. */
const NO_PLACE_RATE = 0.05;

export function startProxy(options: ProxyOptions): FaultProxy {
  const closers: (() => Promise<void>)[] = [];
  let rate = options.troubleRate;
  return {
    async open(by) {
      const random = randomOf(options.seed, `trouble of ${by}`);
      const server = createServer((request, response) => {
        pass(request, response, by).catch(() => response.destroy());
      });
      const pass = async (request: IncomingMessage, response: ServerResponse, by: string): Promise<void> => {
        const body = await bodyOf(request);
        const { service, operation } = targetOf(request.headers, request.method ?? "GET");
        const asked: Asked = { by, service, operation, body };
        await options.before(asked);
        if (operation === "PutEvents") {
          const { Entries = [] } = JSON.parse(body.toString("utf8")) as {
            Entries?: Record<string, string>[];
          };
          options.onEvents(Entries);
          const answer = {
            FailedEntryCount: 0,
            Entries: Entries.map(() => ({ EventId: crypto.randomUUID() })),
          };
          response.writeHead(200, { "content-type": "application/x-amz-json-1.1" });
          response.end(JSON.stringify(answer));
          return;
        }
        const trouble = troubleOf(random, rate);
        if (operation === "RunTask" && rate > 0 && random.chance(NO_PLACE_RATE)) {
          options.tally.add("ecs: no capacity");
          response.writeHead(200, { "content-type": "application/x-amz-json-1.1" });
          response.end(JSON.stringify({ tasks: [], failures: [{ reason: "RESOURCE:MEMORY" }] }));
          return;
        }
        if (trouble) options.tally.add(`${service}: ${trouble}`);
        const refuse = (): void => {
          const { status, type, body: text } = refusalOf(service, operation, trouble ?? "error", body);
          response.writeHead(status, { "content-type": type });
          response.end(request.method === "HEAD" ? undefined : text);
        };
        if (trouble === "throttled" || trouble === "error") return refuse();
        if (trouble === "no answer") {
          setTimeout(() => response.destroy(), HOLD_MS);
          return;
        }
        const sent = operation === "SendMessage" ? sooner(body, options.speed) : body;
        const answer = await forward(request, sent, options.addressOf(service, by));
        await options.after(asked, answer.status);
        if (trouble === "error after the deed") return refuse();
        if (trouble === "answer lost") return void response.destroy();
        response.writeHead(answer.status, answer.headers);
        response.end(answer.body);
      };
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      closers.push(async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      });
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    calm() {
      rate = 0;
    },
    async close() {
      await Promise.all(closers.map((close) => close()));
    },
  };
}

/** A message's delay in the machine's time. */
function sooner(body: Buffer, speed: number): Buffer {
  const message = JSON.parse(body.toString("utf8")) as { DelaySeconds?: number };
  if (!message.DelaySeconds) return body;
  return Buffer.from(JSON.stringify({ ...message, DelaySeconds: Math.ceil(message.DelaySeconds / speed) }));
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

function forward(request: IncomingMessage, body: Buffer, address: string): Promise<Answer> {
  const { host: _, ...headers } = request.headers;
  if (headers["content-length"] !== undefined) headers["content-length"] = String(body.length);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      new URL(request.url ?? "/", address),
      { method: request.method ?? "GET", headers },
      (incoming) => {
        bodyOf(incoming).then(
          (answer) =>
            resolve({ status: incoming.statusCode ?? 502, headers: incoming.headers, body: answer }),
          reject,
        );
      },
    );
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}
