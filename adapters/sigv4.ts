/**
 * AWS Signature Version 4: sixty lines instead of an SDK client on every path that reads or writes objects or reads items.
 * @module
 */
import { createHash, createHmac } from "node:crypto";

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
  readonly service: "s3" | "dynamodb";
  readonly region: string;
  readonly credentials: Credentials;
  readonly at: Date;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";

/** `2026-11-20T08:09:10.123Z` → `20261120T080910Z` */
export function amzDate(at: Date): string {
  return at.toISOString().replace(/[-:]|\.\d{3}/g, "");
}

/** RFC 3986: everything but letters, digits and `- _ . ~`; a slash only where it separates. */
export function uriEncode(text: string, keep: "slashes" | "nothing" = "nothing"): string {
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

export function signedHeaderNames(headers: Readonly<Record<string, string>>): string {
  return Object.keys(headers).sort().join(";");
}

export function credentialScope({ service, region, at }: SigningContext): string {
  return `${amzDate(at).slice(0, 8)}/${region}/${service}/aws4_request`;
}

/** @returns the signature in hex */
export function signature(request: RequestToSign, context: SigningContext): string {
  const { headers } = request;
  const canonical = [
    request.method,
    request.path,
    canonicalQuery(request.query),
    ...Object.keys(headers)
      .sort()
      .map((name) => `${name}:${headers[name]?.trim().replace(/\s+/g, " ")}`),
    "",
    signedHeaderNames(headers),
    request.payloadHash,
  ].join("\n");
  const scope = credentialScope(context);
  const toSign = [
    ALGORITHM,
    amzDate(context.at),
    scope,
    createHash("sha256").update(canonical).digest("hex"),
  ].join("\n");
  const key = scope
    .split("/")
    .reduce<Buffer | string>(
      (secret, part) => hmac(secret, part),
      `AWS4${context.credentials.secretAccessKey}`,
    );
  return hmac(key, toSign).toString("hex");
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
