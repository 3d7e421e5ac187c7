/**
 * A file of a channel's index, asked for with what was known of it before.
 * @module
 */
import type { IncomingMessage } from "node:http";
import { askUpstream, drain } from "#adapters/channel/upstream.ts";
import type { ChannelKeys } from "#core/channel/credentials.ts";
import { RepodataError } from "#core/repodata/limits.ts";

/** What a server said of a file, to be told to it the next time. */
export interface Validator {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export type FetchedFile =
  | { readonly kind: "unchanged" }
  | { readonly kind: "missing" }
  | {
      readonly kind: "file";
      readonly validator: Validator;
      /** Throws a RepodataError for a body that is longer than it may be, or breaks off. */
      readonly body: AsyncIterable<Buffer>;
      /** For a body that nobody reads. */
      readonly discard: () => void;
    };

export interface Fetching {
  readonly keys: ChannelKeys;
  readonly allowPrivateHosts: readonly string[];
  readonly signal: AbortSignal;
}

/** Channels may ask to be left alone for this long at most: what is longer is not believed. */
const RETRY_AFTER_SECONDS_MAX = 6 * 3600;

/**
 * Follows redirects by the rules for addresses.
 * @param known null asks for the file whatever it is
 * @throws RepodataError when the channel gives no such answer
 */
export async function fetchFile(
  { keys, allowPrivateHosts, signal }: Fetching,
  file: URL,
  bytesMax: number,
  known: Validator | null = null,
): Promise<FetchedFile> {
  const { url, authorization } = keys.authorise(file);
  const response = await askUpstream({
    method: "GET",
    url,
    headers: {
      // Bytes as they are: what is compressed says so by its name.
      "accept-encoding": "identity",
      ...(authorization === null ? {} : { authorization }),
      ...(known?.etag ? { "if-none-match": known.etag } : {}),
      ...(known?.lastModified && !known.etag ? { "if-modified-since": known.lastModified } : {}),
    },
    allowPrivateHosts,
    signal,
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new RepodataError(`cannot be reached: ${describe(error)}`, { cause: error });
  });
  const { statusCode: status = 0, headers } = response;
  const refuse = (why: string, retryAfterSeconds: number | null = null): never => {
    drain(response);
    throw new RepodataError(why, { retryAfterSeconds });
  };
  if (status === 304 || status === 404) {
    drain(response);
    // A channel that was asked for nothing known cannot say that it is unchanged.
    if (status === 304 && known === null) return refuse("answers 304 to a question that it was not asked");
    return { kind: status === 304 ? "unchanged" : "missing" };
  }
  if (status !== 200) return refuse(`answers with HTTP ${status}`, retryAfter(headers["retry-after"]));
  if (/^text\/html\b/i.test(headers["content-type"] ?? "")) return refuse("answers with a web page");
  if (Number(headers["content-length"] ?? 0) > bytesMax) {
    return refuse(`has ${headers["content-length"]} bytes, more than the ${bytesMax} that are taken`);
  }
  const validator = { etag: headers.etag ?? null, lastModified: headers["last-modified"] ?? null };
  return {
    kind: "file",
    validator,
    body: counted(response, bytesMax, signal),
    discard: () => void response.destroy(),
  };
}

async function* counted(
  response: IncomingMessage,
  bytesMax: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      bytes += piece.byteLength;
      if (bytes > bytesMax) throw new RepodataError(`has more than the ${bytesMax} bytes that are taken`);
      yield piece;
    }
  } catch (error) {
    if (error instanceof RepodataError) throw error;
    signal.throwIfAborted();
    throw new RepodataError(`breaks off: ${describe(error)}`, { cause: error });
  } finally {
    response.destroy();
  }
}

/** The whole of a small file. */
export async function readWhole(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

function retryAfter(header: string | undefined): number | null {
  if (header === undefined) return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, RETRY_AFTER_SECONDS_MAX) : null;
}

const describe = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error);
