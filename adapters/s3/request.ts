/**
 * One signed request to S3, tried again when S3 asks for it.
 * @module
 */
import { setTimeout as wait } from "node:timers/promises";
import { type Answer, exchange } from "#adapters/exchange.ts";
import { canonicalQuery, signedHeaders } from "#adapters/sigv4.ts";
import { type Bucket, objectAddress } from "./bucket.ts";

export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly key: string;
  readonly query?: readonly (readonly [string, string])[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

export type S3Response = Answer;

/** S3 refused, or could not be reached after all tries. `code` is S3's own, or the HTTP status. */
export class S3Error extends Error {
  readonly status: number;
  readonly code: string;

  constructor(message: string, status: number, code: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "S3Error";
    this.status = status;
    this.code = code;
  }
}

const TRIES = 6;
const BACKOFF_MS = 100;
const BACKOFF_MS_MAX = 5_000;
/** No byte for so long: the connection is dead. */
const IDLE_MS_MAX = 60_000;
const EMPTY = Buffer.alloc(0);

/**
 * Answers 2xx, and those statuses in `expected` (a missing object is an answer, not an error).
 * 429, 500, 502, 503, 504 and broken connections are tried again with full jitter, six times in all.
 * @throws S3Error
 */
export async function sendS3(
  bucket: Bucket,
  request: S3Request,
  expected: readonly number[] = [],
): Promise<S3Response> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await once(bucket, request).catch((error: unknown) => {
      request.signal?.throwIfAborted();
      if (attempt < TRIES) return null;
      throw new S3Error(`S3 cannot be reached: ${describe(error)}`, 0, "Unreachable", { cause: error });
    });
    if (response !== null) {
      const { status } = response;
      if ((status >= 200 && status < 300) || expected.includes(status)) return response;
      const passing = status === 429 || status >= 500 || errorCode(response) === "RequestTimeout";
      if (!passing || attempt >= TRIES) throw refusal(request, response);
    }
    const longest = Math.min(BACKOFF_MS * 2 ** attempt, BACKOFF_MS_MAX);
    await wait(Math.random() * longest, undefined, request.signal ? { signal: request.signal } : {});
  }
}

async function once(bucket: Bucket, request: S3Request): Promise<S3Response> {
  const { method, key, query = [], body = EMPTY } = request;
  const url = objectAddress(bucket, key);
  const headers = signedHeaders(
    { method, url, query, headers: request.headers, body },
    { service: "s3", region: bucket.region, credentials: await bucket.credentials() },
  );
  const search = query.length > 0 ? `?${canonicalQuery(query)}` : "";
  return await exchange(new URL(`${url.href}${search}`), {
    method,
    headers,
    body,
    idleMsMax: IDLE_MS_MAX,
    signal: request.signal,
  });
}

/** The text of one element of S3's flat XML. */
export function xmlText(xml: string, element: string): string | undefined {
  const text = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
  return text === undefined ? undefined : decodeXml(text);
}

export function decodeXml(text: string): string {
  const named: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g, (whole, decimal, hexadecimal, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    if (hexadecimal) return String.fromCodePoint(Number.parseInt(hexadecimal, 16));
    return named[name] ?? whole;
  });
}

function errorCode(response: S3Response): string | undefined {
  return xmlText(response.body.toString("utf8"), "Code");
}

function refusal(request: S3Request, response: S3Response): S3Error {
  const code = errorCode(response) ?? String(response.status);
  const why = xmlText(response.body.toString("utf8"), "Message") ?? `HTTP ${response.status}`;
  return new S3Error(`S3 refused ${request.method} ${request.key}: ${code}: ${why}`, response.status, code);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
