/**
 * The bucket, from what the environment says about AWS.
 * @module
 */
import { readAwsPlace } from "#adapters/config.ts";
import type { Bucket } from "./bucket.ts";

/**
 * @param name of the bucket.
 * @param client any client of the SDK: its credentials are lent, so that they are found and renewed once.
 */
export function openBucket(
  name: string,
  client: { readonly config: { readonly credentials: Bucket["credentials"] } },
): Bucket {
  return { name, ...readAwsPlace("S3"), credentials: () => client.config.credentials() };
}
