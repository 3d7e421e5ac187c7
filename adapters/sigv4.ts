/**
 * AWS Signature Version 4, instead of an SDK client on every path that reads or writes objects or reads items.
 * @module
 */
import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface RequestToSign {
  readonly method: string;
  /** Encoded path, from the slash on. */
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  /** Every header that is signed, names in lower case, `host` among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Hex sha256 of the body, or `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string;
}

export interface SigningContext {
  readonly service: "s3" | "dynamodb" | "sqs" | "lambda" | "secretsmanager";
  readonly region: string;
  readonly credentials: Credentials;
  readonly at: Date;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";

/** The last second that was written: a signature needs it four times. */
let written = { second: Number.NaN, text: "" };

/** `2026-11-20T08:09:10.123Z` → `20261120T080910Z` */
export function amzDate(at: Date): string {
  const second = Math.floor(at.getTime() / 1000);
  if (written.second !== second) {
    written = { second, text: at.toISOString().replace(/[-:]|\.\d{3}/g, "") };
  }
  return written.text;
}

/** What stays as it is, as nearly all do. */
const PLAIN = { slashes: /^[\w.~/-]*$/, nothing: /^[\w.~-]*$/ } as const;

/** RFC 3986: everything but letters, digits and `- _ . ~`; a slash only where it separates. */
export function uriEncode(text: string, keep: "slashes" | "nothing" = "nothing"): string {
  if (PLAIN[keep].test(text)) return text;
  const encoded = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return keep === "slashes" ? encoded.replaceAll("%2F", "/") : encoded;
}

/** Query text in the order that the signature is made over. */
export function canonicalQuery(query: readonly (readonly [string, string])[]): string {
  return query
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function signedHeaderNames(headers: Readonly<Record<string, string>>): string {
  return Object.keys(headers).sort().join(";");
}

export function credentialScope({ service, region, at }: SigningContext): string {
  return `${amzDate(at).slice(0, 8)}/${region}/${service}/aws4_request`;
}

/** @returns the signature in hex */
export function signature(request: RequestToSign, context: SigningContext): string {
  const { headers } = request;
  const names = Object.keys(headers).sort();
  const canonical = [
    request.method,
    request.path,
    canonicalQuery(request.query),
    ...names.map((name) => `${name}:${headers[name]?.trim().replace(/\s+/g, " ")}`),
    "",
    names.join(";"),
    request.payloadHash,
  ].join("\n");
  const scope = credentialScope(context);
  const toSign = [ALGORITHM, amzDate(context.at), scope, hash("sha256", canonical, "hex")].join("\n");
  return createHmac("sha256", signingKey(context, scope)).update(toSign).digest("hex");
}

export interface Sending {
  readonly method: string;
  /** Without its query. */
  readonly url: URL;
  readonly query?: readonly (readonly [string, string])[];
  /** Names in lower case; all are signed. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body: Uint8Array | string;
}

/** Every header to send now: the request's own, and those that sign it. */
export function signedHeaders(
  { method, url, query = [], headers = {}, body }: Sending,
  given: Omit<SigningContext, "at">,
): Record<string, string> {
  const context = { ...given, at: new Date() };
  const payloadHash = hash("sha256", body, "hex");
  const all: Record<string, string> = {
    ...headers,
    host: url.host,
    "x-amz-date": amzDate(context.at),
    ...(given.service === "s3" ? { "x-amz-content-sha256": payloadHash } : {}),
    ...(given.credentials.sessionToken ? { "x-amz-security-token": given.credentials.sessionToken } : {}),
  };
  // All services but S3 sign the path encoded once more.
  const path = given.service === "s3" ? url.pathname : uriEncode(url.pathname, "slashes");
  all["authorization"] = authorization({ method, path, query, headers: all, payloadHash }, context);
  return all;
}

interface DerivedKey {
  readonly scope: string;
  readonly secret: string;
  readonly key: KeyObject;
}

/** The last key of each service: it holds for a day, and to derive it is four fifths of a signature. */
const derived = new Map<SigningContext["service"], DerivedKey>();

function signingKey({ service, credentials }: SigningContext, scope: string): KeyObject {
  const secret = credentials.secretAccessKey;
  const known = derived.get(service);
  if (known?.scope === scope && known.secret === secret) return known.key;
  const parts = scope.split("/");
  const key = createSecretKey(parts.reduce<Buffer | string>(hmac, `AWS4${secret}`) as Buffer);
  derived.set(service, { scope, secret, key });
  return key;
}

/** The `authorization` header's value. */
export function authorization(request: RequestToSign, context: SigningContext): string {
  const credential = `${context.credentials.accessKeyId}/${credentialScope(context)}`;
  return (
    `${ALGORITHM} Credential=${credential}, SignedHeaders=${signedHeaderNames(request.headers)}, ` +
    `Signature=${signature(request, context)}`
  );
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
