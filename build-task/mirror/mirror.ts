/**
 * The supervisor's loopback mirror: engines and pip ask it instead of the internet, so that the rules for addresses hold
 * whatever they are told, and neither of them ever holds a credential.
 * @module
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { KeptIndexes } from "#adapters/channel/kept-indexes.ts";
import { askUpstream, drain } from "#adapters/channel/upstream.ts";
import { AddressError } from "#core/address/check-url.ts";
import type { ChannelKeys } from "#core/channel/credentials.ts";
import type { IndexSource } from "#core/lock/solve-key.ts";
import { type ChannelAddress, EngineError } from "#core/ports.ts";
import { BuildFailure } from "../failure.ts";
import { serveConnect, serveForward, shows } from "./forward-proxy.ts";
import type { CacheCounts, Expected, PackageCache } from "./package-cache.ts";
import { areUnchanged, openSources, type Sources } from "./sources.ts";

export interface MirrorOptions {
  readonly allowPrivateHosts: readonly string[];
  /** Added to what engines ask, on the way to the channel. */
  readonly keys: ChannelKeys;
  readonly signal: AbortSignal;
  /** Indexes that need not be asked for. @default none */
  readonly kept?: KeptIndexes;
  /** Packages that need not be asked for. @default none */
  readonly packages?: PackageCache;
}

export interface Mirror {
  /** Where engines find a channel. The same channel has the same address always. */
  addressOf(channel: string): ChannelAddress;
  /** What engines have to show at these addresses. Neither goes onto a command line, which every user can read. */
  readonly token: string;
  /** pip's proxy; holds the same token. */
  readonly proxyUrl: string;
  /**
   * What an engine says of a channel it could not read is often only a status: if the mirror knows the reason, it
   * becomes the user's sentence.
   */
  explain(error: unknown): unknown;
  /** Why addresses were refused or could not be reached so far, as beginnings of sentences. */
  readonly reasons: readonly string[];
  /** Of packages, that have come through so far. */
  readonly packageBytes: number;
  /** Bytes of a package that came through whole; null for every other. */
  sizeOf(url: string): number | null;
  /** What was read through the mirror so far; null when something of it cannot be recognised later. */
  sources(): readonly IndexSource[] | null;
  /** Whether the channels still have what was read once. */
  areUnchanged(sources: readonly IndexSource[]): Promise<boolean>;
  /** Packages that are going to be asked for. */
  expect(packages: readonly Expected[]): void;
  /** How many of them no channel was asked for; null without a cache. */
  cached(): CacheCounts | null;
  close(): Promise<void>;
}

/** What engines may ask for with a request; cookies and authorization are nobody's business here. */
const PASSED_ON = ["accept", "range", "if-none-match", "if-modified-since", "if-range", "user-agent"];
/** What of an answer reaches the engine. */
const PASSED_BACK = [
  ...["content-type", "content-length", "content-encoding", "content-range", "accept-ranges"],
  ...["etag", "last-modified", "cache-control", "expires", "retry-after"],
];

/** Starts the mirror on a free loopback port. Without its token, which no other user of the machine knows, it is mute. */
export async function startMirror(options: MirrorOptions): Promise<Mirror> {
  const token = randomBytes(24).toString("base64url");
  const channels: string[] = [];
  const reasons: string[] = [];
  const sources = openSources();
  const passed = { bytes: 0 };
  const sizes = new Map<string, number>();
  const guard = { ...options, token, refused: (reason: string) => note(reasons, reason) };

  const server = createServer((request, response) => {
    const answered = request.url?.startsWith("/")
      ? serveChannel(request, response, { ...options, token, channels, reasons, sources, passed, sizes })
      : serveForward(request, response, guard);
    answered.catch((error: unknown) => {
      // The other side has gone, or the answer broke off: the engine sees a broken download and says so.
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.on("connect", (request, socket, head) => serveConnect(request, socket, head, guard));
  const port = await listen(server);

  return {
    addressOf(channel) {
      const url = channel.replace(/\/+$/, "");
      let number = channels.indexOf(url);
      if (number < 0) number = channels.push(url) - 1;
      return { url, address: `http://127.0.0.1:${port}/c/${number}` };
    },
    token,
    proxyUrl: `http://build:${token}@127.0.0.1:${port}`,
    explain(error) {
      const [reason] = reasons;
      const mine =
        error instanceof EngineError &&
        ["channel", "channel_auth", "channel_broken", "package_missing"].includes(error.failure);
      return mine && reason !== undefined ? new BuildFailure(`${reason}.`, { cause: error }) : error;
    },
    reasons,
    get packageBytes() {
      return passed.bytes;
    },
    sizeOf: (url) => sizes.get(url) ?? null,
    sources: () => sources.list(),
    areUnchanged: (read) => areUnchanged(read, options),
    expect: (packages) => options.packages?.expect(packages),
    cached: () => options.packages?.counts ?? null,
    async close() {
      // First: an answer that nobody reads any more would never end.
      server.closeAllConnections();
      await options.packages?.settled();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface ChannelService extends MirrorOptions {
  readonly token: string;
  readonly channels: readonly string[];
  readonly reasons: string[];
  readonly sources: Sources;
  readonly passed: { bytes: number };
  readonly sizes: Map<string, number>;
}

async function serveChannel(
  request: IncomingMessage,
  response: ServerResponse,
  service: ChannelService,
): Promise<void> {
  const { method } = request;
  if (!shows(request.headers.authorization, `Bearer ${service.token}`)) return end(response, 401);
  const [, number, path] = /^\/c\/(\d+)\/([^#]*)$/.exec(request.url ?? "") ?? [];
  const channel = service.channels[Number(number)];
  if (channel === undefined || path === undefined) return end(response, 404);
  if (method !== "GET" && method !== "HEAD") return end(response, 405);
  if (/(?:^|\/)\.\.?(?:\/|$)|%2e|%2f|%5c|\\/i.test(path)) return end(response, 404);

  if (await serveKept(service, response, method, { channel, path })) return;
  const isWhole = method === "GET" && request.headers.range === undefined && PACKAGE.test(path);
  if (isWhole && (await servePackage(service, response, `${channel}/${path}`))) return;
  const file = new URL(`${channel}/${path}`);
  const { url, authorization } = service.keys.authorise(file);
  let upstream: IncomingMessage;
  try {
    upstream = await askUpstream({
      method,
      url,
      headers: {
        ...picked(request.headers, PASSED_ON),
        ...(authorization === null ? {} : { authorization }),
      },
      allowPrivateHosts: service.allowPrivateHosts,
      signal: service.signal,
    });
  } catch (error) {
    const why = describe(error);
    note(
      service.reasons,
      error instanceof AddressError
        ? `The channel ${channel} cannot be used: ${why}`
        : `The channel ${channel} cannot be reached (${why}): check its address, or try again later`,
    );
    service.sources.spoil();
    // 403 is final for every engine; 502 is worth another try.
    return end(response, error instanceof AddressError ? 403 : 502);
  }
  const { statusCode: status, headers } = upstream;
  service.sources.note({ channel, path, status, headers });
  if (status !== undefined && status >= 400 && service.keys.has(file)) {
    if (status === 401 || status === 403) {
      note(
        service.reasons,
        `The channel ${channel} refuses the credentials that are stored for it (HTTP ${status}): have them renewed`,
      );
    }
    // A server may repeat what it was shown in the page that says no.
    drain(upstream);
    return end(response, status);
  }
  response.writeHead(status ?? 502, picked(headers, PASSED_BACK));
  let bytes = 0;
  if (PACKAGE.test(path)) {
    upstream.on("data", (data: Buffer) => {
      bytes += data.byteLength;
      service.passed.bytes += data.byteLength;
    });
    if (method === "GET" && status === 200) service.packages?.keep(`${channel}/${path}`, upstream);
  }
  await pipeline(upstream, response);
  if (isWhole && status === 200) service.sizes.set(`${channel}/${path}`, bytes);
}

/** An index that was read before. @returns false when only the channel can answer */
async function serveKept(
  { kept, sources, reasons }: ChannelService,
  response: ServerResponse,
  method: "GET" | "HEAD",
  { channel, path }: { readonly channel: string; readonly path: string },
): Promise<boolean> {
  const answer = await kept?.answer(channel, path).catch((error: unknown) => {
    note(reasons, `The kept index of ${channel} cannot be read (${describe(error)}): build again`);
    sources.spoil();
    throw error;
  });
  if (!answer) return false;
  const { status, etag, body } = answer;
  sources.note({ channel, path, status, headers: etag === null ? {} : { etag } });
  if (status === 404 || body === null) {
    end(response, 404);
    return true;
  }
  response.writeHead(200, { ...(etag === null ? {} : { etag }), "content-type": "application/octet-stream" });
  if (method === "HEAD") response.end();
  else await pipeline(body, response);
  return true;
}

/** A package that another build has fetched. @returns false when the channel has to be asked */
async function servePackage(
  { packages, passed, sizes }: ChannelService,
  response: ServerResponse,
  url: string,
): Promise<boolean> {
  const found = await packages?.read(url);
  if (!found) return false;
  response.writeHead(200, { "content-length": String(found.sizeBytes) });
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of found.body) {
      passed.bytes += piece.byteLength;
      yield piece;
    }
  };
  await pipeline(counted(), response);
  sizes.set(url, found.sizeBytes);
  return true;
}

const describe = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error);

const PACKAGE = /\.(?:conda|tar\.bz2)$/;

/** Only the first few are of use to anybody. */
function note(reasons: string[], reason: string): void {
  if (reasons.length < 10 && !reasons.includes(reason)) reasons.push(reason);
}

function picked(headers: IncomingMessage["headers"], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name];
      return typeof value === "string" ? [[name, value] as const] : [];
    }),
  );
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-length": "0" }).end();
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (typeof address === "object" && address) resolve(address.port);
      else reject(new Error("the mirror has no port"));
    });
  });
}
