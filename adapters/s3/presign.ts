/**
 * Presigned addresses: clients fetch artifacts straight from S3.
 * @module
 */

import { amzDate, canonicalQuery, credentialScope, signature, UNSIGNED_PAYLOAD } from "#adapters/sigv4.ts";
import { type Bucket, objectAddress } from "./bucket.ts";

export interface PresignOptions {
  /** A URL is good for one method: one made for GET refuses HEAD. @default "GET" */
  readonly method?: "GET" | "HEAD";
  /** At most an hour: it dies with the credentials that signed it, and a role's session is not longer. @default 900 */
  readonly expiresSeconds?: number;
  /** `Content-Type` of the answer. */
  readonly contentType?: string;
  /** Makes the answer a download of this name. */
  readonly fileName?: string;
  /** @default now */
  readonly at?: Date;
}

export const PRESIGN_SECONDS_MAX = 3600;

/** @throws RangeError when `expiresSeconds` is not in 1 to 3600 */
export async function presign(bucket: Bucket, key: string, options: PresignOptions = {}): Promise<string> {
  const { method = "GET", expiresSeconds = 900, contentType, fileName, at = new Date() } = options;
  if (!Number.isInteger(expiresSeconds) || expiresSeconds < 1 || expiresSeconds > PRESIGN_SECONDS_MAX) {
    throw new RangeError(`a presigned address is good for 1 to ${PRESIGN_SECONDS_MAX} seconds`);
  }
  const credentials = await bucket.credentials();
  const context = { service: "s3", region: bucket.region, credentials, at } as const;
  const url = objectAddress(bucket, key);
  const query: [string, string][] = [
    ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"],
    ["X-Amz-Content-Sha256", UNSIGNED_PAYLOAD],
    ["X-Amz-Credential", `${credentials.accessKeyId}/${credentialScope(context)}`],
    ["X-Amz-Date", amzDate(at)],
    ["X-Amz-Expires", String(expiresSeconds)],
    ["X-Amz-SignedHeaders", "host"],
  ];
  if (credentials.sessionToken) query.push(["X-Amz-Security-Token", credentials.sessionToken]);
  if (contentType !== undefined) query.push(["response-content-type", contentType]);
  if (fileName !== undefined) query.push(["response-content-disposition", attachment(fileName)]);
  const signed = signature(
    { method, path: url.pathname, query, headers: { host: url.host }, payloadHash: UNSIGNED_PAYLOAD },
    context,
  );
  return `${url.origin}${url.pathname}?${canonicalQuery(query)}&X-Amz-Signature=${signed}`;
}

/** Environment names are ASCII; a quote or a control character in one would break the header. */
function attachment(fileName: string): string {
  return `attachment; filename="${fileName.replace(/[^\x20-\x7e]|["\\]/g, "_")}"`;
}
