/**
 * One request over HTTP and its whole answer, on connections that are kept.
 * @module
 */
import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";

export interface Outgoing {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** No byte for so long: the connection is dead. */
  readonly idleMsMax: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

type Open = (
  address: string,
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
  { method, headers, body, idleMsMax, signal }: Outgoing,
): Promise<Answer> {
  const options = {
    method,
    headers: {
      ...headers,
      ...(method === "PUT" || method === "POST" ? { "content-length": String(body.byteLength) } : {}),
    },
    timeout: idleMsMax,
    ...(signal ? { signal } : {}),
  };
  const open = await clientFor(url);
  return new Promise((resolve, reject) => {
    const done = (incoming: IncomingMessage): void => {
      collect(incoming).then(resolve, reject);
    };
    const outgoing = open(url.href, options, done);
    outgoing.once("timeout", () => outgoing.destroy(new Error(`no answer within ${idleMsMax / 1000} s`)));
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

function collect(incoming: IncomingMessage): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
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
