/**
 * The one address of the local stack: a reverse proxy on the loopback interface to the deployed HTTP API, with the manners
 * and the limits of API Gateway. Other sites' pages get nothing: foreign Host and Origin are refused.
 * @module
 */
import { randomUUID } from "node:crypto";
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { ErrorCode } from "#core/errors.ts";
import { LocalError } from "./local-error.ts";

export interface FrontDoorOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** The local AWS. */
  readonly endpoint: string;
  /** Id of the deployed HTTP API. */
  readonly apiId: string;
  /** @default API Gateway's own limits */
  readonly limits?: Partial<Limits>;
}

export interface Limits {
  readonly timeoutMs: number;
  /** Of what Lambda takes and gives: a body as text, or as Base64. */
  readonly bytesMax: number;
}

/** Where API Gateway cuts, and what a Lambda event or reply may weigh. */
export const LIMITS: Limits = { timeoutMs: 29_000, bytesMax: 6 * 1024 * 1024 };

export interface FrontDoor {
  readonly url: string;
  close(): Promise<void>;
}

/** @throws LocalError when the port is taken */
export async function openFrontDoor(options: FrontDoorOptions): Promise<FrontDoor> {
  const limits = { ...LIMITS, ...options.limits };
  const agent = new Agent({ keepAlive: true });
  const server = createServer((request, response) => {
    const refusal = refuse(request, portOf(server));
    if (refusal) sendError(response, refusal.code, refusal.message);
    else pass(request, response, { ...options, limits, agent });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "EADDRINUSE" ? new LocalError(portBusy(options.port)) : error),
    );
    server.listen(options.port, "127.0.0.1", resolve);
  });
  return {
    url: `http://localhost:${portOf(server)}`,
    close: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const portBusy = (port: number): string =>
  `Port ${port} is in use: end the program that has it, or choose another one with --port.`;

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const CHANGES_STATE: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);

interface Refusal {
  readonly code: Extract<ErrorCode, "origin_refused">;
  readonly message: string;
}

/**
 * A page of another site may aim a browser at this address (by its own name that resolves to 127.0.0.1, or by a form):
 * the first is told by `Host`, the second by `Origin`.
 */
function refuse({ headers, method }: IncomingMessage, port: number): Refusal | null {
  const own = [`localhost:${port}`, `127.0.0.1:${port}`];
  const host = headers.host?.toLowerCase() ?? "";
  if (!own.includes(host)) {
    return { code: "origin_refused", message: `This stack answers as http://${own[0]} only.` };
  }
  const { origin } = headers;
  if (origin === undefined || !CHANGES_STATE.has(method ?? "")) return null;
  if (own.some((name) => origin.toLowerCase() === `http://${name}`)) return null;
  return {
    code: "origin_refused",
    message: "This request comes from a page of another site and was refused.",
  };
}

/** The one error shape of the API. */
function sendError(response: ServerResponse, code: ErrorCode, message: string): void {
  const body = JSON.stringify({ status: "error", message, code, request_id: randomUUID() });
  response.writeHead(403, { "content-type": "application/json", connection: "close" });
  response.end(body);
}

/** API Gateway's own refusals have this shape. */
function sendGatewayError(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "content-type": "application/json", connection: "close" });
  response.end(JSON.stringify({ message }));
}

interface Way extends FrontDoorOptions {
  readonly limits: Limits;
  readonly agent: Agent;
}

function pass(request: IncomingMessage, response: ServerResponse, way: Way): void {
  const { limits, endpoint, apiId, agent } = way;
  const target = new URL(endpoint);
  const controller = new AbortController();
  const timer = setTimeout(() => {
    sendGatewayError(response, 503, "Service Unavailable");
    controller.abort();
  }, limits.timeoutMs);
  const outgoing = httpRequest(
    {
      host: target.hostname,
      port: target.port,
      method: request.method ?? "GET",
      // Named by the path and not by the host: MiniStack keeps a registry of its own below /v2/ at every host.
      path: `/_aws/execute-api/${apiId}/$default${cutPath(request.url ?? "/")}`,
      headers: headersFor(request, target.host),
      agent,
      signal: controller.signal,
    },
    (incoming) => answer(incoming, response, limits),
  );
  outgoing.on("error", () => {
    if (!controller.signal.aborted) sendGatewayError(response, 503, "Service Unavailable");
  });
  response.on("close", () => {
    clearTimeout(timer);
    controller.abort();
  });
  let size = 0;
  request.on("data", (part: Buffer) => {
    size += part.length;
    if (size <= limits.bytesMax) return;
    sendGatewayError(response, 413, "Request Entity Too Large");
    controller.abort();
  });
  request.pipe(outgoing);
}

function answer(incoming: IncomingMessage, response: ServerResponse, limits: Limits): void {
  // What HEAD is told the length of does not come.
  const declared = response.req.method === "HEAD" ? 0 : Number(incoming.headers["content-length"] ?? 0);
  if (declared > limits.bytesMax) {
    incoming.destroy();
    sendGatewayError(response, 500, "Internal Server Error");
    return;
  }
  const { connection: _, "keep-alive": __, ...headers } = incoming.headers;
  response.writeHead(incoming.statusCode ?? 502, headers);
  incoming.pipe(response);
}

/** Hop-by-hop headers stay here; who asked, and under which name, goes along. */
function headersFor(request: IncomingMessage, host: string): Record<string, string | string[]> {
  const {
    connection: _,
    "keep-alive": __,
    "proxy-connection": ___,
    upgrade: ____,
    ...headers
  } = request.headers;
  const kept = Object.entries(headers).filter(
    (entry): entry is [string, string | string[]] => entry[1] !== undefined,
  );
  return {
    ...Object.fromEntries(kept),
    host,
    "x-forwarded-for": request.socket.remoteAddress ?? "127.0.0.1",
    "x-forwarded-host": request.headers.host ?? "",
    "x-forwarded-proto": "http",
  };
}

/** API Gateway decodes the path and cuts it at a decoded `?`; the local AWS decodes it but does not cut. */
export function cutPath(url: string): string {
  const [path = "/", ...query] = url.split("?");
  const [kept = "/"] = path.split(/%3f/i, 1);
  return [kept, ...query].join("?");
}
