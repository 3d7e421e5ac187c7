/**
 * The mirror as pip's proxy: tunnels for https, plain requests for http, both by the same rules for addresses.
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { askOnce } from "#adapters/channel/upstream.ts";
import { checkHost, guardedLookup } from "#adapters/guard.ts";
import { AddressError } from "#core/address/check-url.ts";

export interface ProxyOptions {
  readonly allowPrivateHosts: readonly string[];
  readonly signal: AbortSignal;
  /** The proxy's password; without it nobody is served. */
  readonly token: string;
  /** Told why an address was refused. */
  readonly refused: (reason: string) => void;
}

const CONNECT_MS_MAX = 30_000;

/** A tunnel to `host:port`. What flows through it is between pip and the index. */
export function serveConnect(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  options: ProxyOptions,
): void {
  client.on("error", () => client.destroy());
  if (!isAuthorised(request, options.token)) {
    refuse(client, "407 Proxy Authentication Required");
    return;
  }
  const url = URL.parse(`https://${request.url ?? ""}/`);
  if (url === null) {
    refuse(client, "400 Bad Request");
    return;
  }
  try {
    checkHost(url, options.allowPrivateHosts);
  } catch (error) {
    options.refused(error instanceof Error ? error.message : String(error));
    refuse(client, "403 Forbidden");
    return;
  }
  const upstream: Socket = connect({
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 443),
    lookup: guardedLookup(url, options.allowPrivateHosts),
    timeout: CONNECT_MS_MAX,
  });
  const stop = (): void => void upstream.destroy();
  options.signal.addEventListener("abort", stop, { once: true });
  let open = false;
  upstream.once("connect", () => {
    open = true;
    upstream.setTimeout(0);
    client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    upstream.write(head);
    upstream.pipe(client);
    client.pipe(upstream);
  });
  upstream.once("timeout", () => upstream.destroy(new Error("timeout")));
  upstream.on("error", (error) => {
    if (open) return client.destroy();
    if (error instanceof AddressError) options.refused(error.message);
    return refuse(client, error instanceof AddressError ? "403 Forbidden" : "502 Bad Gateway");
  });
  upstream.once("close", () => {
    options.signal.removeEventListener("abort", stop);
    client.destroy();
  });
  client.once("close", stop);
}

/** A request with a whole address, as clients of a proxy send it for http. */
export async function serveForward(
  request: IncomingMessage,
  response: ServerResponse,
  options: ProxyOptions,
): Promise<void> {
  const answer = (status: number): void => void response.writeHead(status, { "content-length": "0" }).end();
  if (!isAuthorised(request, options.token)) return answer(407);
  const { method } = request;
  if (method !== "GET" && method !== "HEAD") return answer(405);
  const url = URL.parse(request.url ?? "");
  if (url?.protocol !== "http:") return answer(400);
  const {
    "proxy-authorization": _password,
    "proxy-connection": _hop,
    connection: _too,
    ...rest
  } = request.headers;
  const headers = Object.fromEntries(
    Object.entries(rest).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
  try {
    // A redirect is the client's to follow: it knows which headers another host may see, and asks us again.
    const upstream = await askOnce({ ...options, method, url, headers });
    const { connection: _hopToo, "transfer-encoding": _encoding, ...passed } = upstream.headers;
    response.writeHead(upstream.statusCode ?? 502, passed);
    await pipeline(upstream, response);
  } catch (error) {
    if (response.headersSent) throw error;
    if (error instanceof AddressError) options.refused(error.message);
    answer(error instanceof AddressError ? 403 : 502);
  }
}

function isAuthorised(request: IncomingMessage, token: string): boolean {
  const given = /^Basic (.+)$/i.exec(request.headers["proxy-authorization"] ?? "")?.[1] ?? "";
  return shows(Buffer.from(given, "base64").toString("latin1"), `build:${token}`);
}

/** Whether what was sent is what was wanted, in a time that tells nothing. */
export function shows(sent: string | undefined, wanted: string): boolean {
  const [a, b] = [Buffer.from(sent ?? ""), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function refuse(client: Duplex, status: string): void {
  const challenge = status.startsWith("407") ? 'Proxy-Authenticate: Basic realm="build"\r\n' : "";
  client.end(`HTTP/1.1 ${status}\r\n${challenge}Content-Length: 0\r\nConnection: close\r\n\r\n`);
}
