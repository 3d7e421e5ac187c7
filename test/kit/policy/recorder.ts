/**
 * A recorder in front of the local AWS. Each function, and the build task, gets a door of its own on the loopback interface:
 * who calls is told by the door, which holds for every client, our own signer and presigned addresses alike.
 * @module
 */
import { appendFileSync } from "node:fs";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { asksOfRequest, serviceOf } from "./asks-of-request.ts";
import { type Ask, type AwsCall, type AwsRequest, unknownAsk } from "./call.ts";

export interface RecorderOptions {
  /** The local AWS. */
  readonly endpoint: string;
  /** Where ECS is, if not there. */
  readonly ecsEndpoint?: string;
  /** Gets one JSON line per distinct call. */
  readonly file?: string;
}

export interface Recorder {
  /** Opens the principal's door, once. @returns its address */
  door(principal: string): Promise<string>;
  /** Every distinct call so far. */
  readonly calls: readonly AwsCall[];
  close(): Promise<void>;
}

export function openRecorder(options: RecorderOptions): Recorder {
  const doors = new Map<string, Promise<Server>>();
  const calls: AwsCall[] = [];
  const known = new Set<string>();
  const note = (call: AwsCall): void => {
    const line = JSON.stringify(call);
    if (known.has(line)) return;
    known.add(line);
    calls.push(call);
    if (options.file) appendFileSync(options.file, `${line}\n`);
  };
  const open = (principal: string): Promise<Server> =>
    new Promise((resolve, reject) => {
      const server = createServer((request, response) => {
        pass(request, response, options, (call) => note({ principal, ...call })).catch((error: unknown) =>
          response.destroy(error instanceof Error ? error : new Error(String(error))),
        );
      });
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(server));
    });
  return {
    calls,
    async door(principal) {
      const server = doors.get(principal) ?? open(principal);
      doors.set(principal, server);
      return `http://127.0.0.1:${((await server).address() as AddressInfo).port}`;
    },
    async close() {
      for (const door of doors.values()) {
        const server = await door;
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

async function pass(
  request: IncomingMessage,
  response: ServerResponse,
  { endpoint, ecsEndpoint }: RecorderOptions,
  note: (ask: Ask) => void,
): Promise<void> {
  const { method = "GET", url = "/", headers } = request;
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  const body = Buffer.concat(parts);
  const base = serviceOf({ headers, url }) === "ecs" ? (ecsEndpoint ?? endpoint) : endpoint;
  // The path goes on as it came, for signatures are made over it; so does the Host header.
  const { hostname, port } = new URL(base);
  const outgoing = httpRequest({ hostname, port, method, path: url, headers }, (incoming) => {
    const status = incoming.statusCode ?? 502;
    for (const ask of readSafely({ method, url, headers, body, status })) note(ask);
    response.writeHead(status, incoming.headers);
    incoming.pipe(response);
  });
  outgoing.on("error", (error) => response.destroy(error));
  response.on("close", () => outgoing.destroy());
  outgoing.end(body);
}

/** A request that cannot be read must fail the check, not the caller. */
function readSafely(request: AwsRequest): Ask[] {
  try {
    return asksOfRequest(request);
  } catch (error) {
    return [unknownAsk(`unreadable:${error instanceof Error ? error.message : String(error)}`)];
  }
}
