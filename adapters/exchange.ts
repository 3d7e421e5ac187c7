/**
 * One request over HTTP and its whole answer, on connections that are kept.
 * @module
 */
import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { LookupFunction } from "node:net";

export interface Outgoing {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A text goes out in one piece with the headers. */
  readonly body: Uint8Array | string;
  /** No byte for so long: the connection is dead. */
  readonly idleMsMax: number;
  readonly signal?: AbortSignal | undefined;
  /** A longer answer is an error. @default any length */
  readonly bytesMax?: number;
  /** How names become addresses, where not any will do. */
  readonly lookup?: LookupFunction;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

type Open = (
  address: URL,
  options: RequestOptions,
  done: (incoming: IncomingMessage) => void,
) => ClientRequest;

/** Loaded with the first request: to import `node:http` costs a fifth of the API's whole start. */
const clients: { http?: Promise<Open>; https?: Promise<Open> } = {};

function clientFor(url: URL): Promise<Open> {
  if (url.protocol === "https:") {
    clients.https ??= import("node:https").then(({ Agent, request }) => {
      const agent = new Agent({ keepAlive: true });
      return (address, options, done) => request(address, { ...options, agent }, done);
    });
    return clients.https;
  }
  clients.http ??= import("node:http").then(({ Agent, request }) => {
    const agent = new Agent({ keepAlive: true });
    return (address, options, done) => request(address, { ...options, agent }, done);
  });
  return clients.http;
}

/** Any status is an answer. @throws Error when the connection broke or went silent */
export async function exchange(
  url: URL,
  { method, headers, body, idleMsMax, signal, bytesMax = Number.POSITIVE_INFINITY, lookup }: Outgoing,
): Promise<Answer> {
  const options = {
    method,
    headers: {
      ...headers,
      ...(method === "PUT" || method === "POST" ? { "content-length": String(Buffer.byteLength(body)) } : {}),
    },
    timeout: idleMsMax,
    ...(signal ? { signal } : {}),
    ...(lookup ? { lookup } : {}),
  };
  const open = await clientFor(url);
  return new Promise((resolve, reject) => {
    const done = (incoming: IncomingMessage): void => {
      collect(incoming, bytesMax).then(resolve, reject);
    };
    const outgoing = open(url, options, done);
    outgoing.once("timeout", () => outgoing.destroy(new Error(`no answer within ${idleMsMax / 1000} s`)));
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

function collect(incoming: IncomingMessage, bytesMax: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    incoming.on("data", (part: Buffer) => {
      bytes += part.byteLength;
      if (bytes <= bytesMax) parts.push(part);
      else incoming.destroy(new Error(`an answer of more than ${bytesMax} bytes`));
    });
    incoming.once("error", reject);
    incoming.once("end", () =>
      resolve({
        status: incoming.statusCode ?? 0,
        headers: incoming.headers,
        body: parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts),
      }),
    );
  });
}
