/**
 * The bucket and how it is reached.
 * @module
 */
import { type Credentials, uriEncode } from "#adapters/sigv4.ts";

export interface Bucket {
  readonly name: string;
  readonly region: string;
  /** Another S3 than AWS's own, such as the local one; addressed by path. */
  readonly endpoint?: string | undefined;
  /** Asked before each request; whoever gives them renews them. Take an SDK client's `config.credentials`. */
  readonly credentials: () => Promise<Credentials>;
}

/** @returns the address of a key, or of the bucket itself for an empty key */
export function objectAddress(bucket: Bucket, key: string): URL {
  const path = uriEncode(key, "slashes");
  if (bucket.endpoint !== undefined) {
    return new URL(`${bucket.endpoint.replace(/\/+$/, "")}/${uriEncode(bucket.name)}${key && "/"}${path}`);
  }
  return new URL(`https://${bucket.name}.s3.${bucket.region}.amazonaws.com/${path}`);
}
