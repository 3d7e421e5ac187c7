/**
 * The bucket of this deployment, as the environment says it.
 * @module
 */
import type { AwsPlace } from "#adapters/config.ts";
import type { Bucket } from "./bucket.ts";
import type { Credentials } from "./sigv4.ts";

/** Any SDK client: its credentials are found, kept and renewed by the SDK. */
export interface CredentialSource {
  readonly config: { readonly credentials: () => Promise<Credentials> };
}

/** @param client e.g. the document client of the table */
export function openBucket(name: string, place: AwsPlace, client: CredentialSource): Bucket {
  return {
    name,
    region: place.region,
    endpoint: place.s3Endpoint,
    credentials: () => client.config.credentials(),
  };
}
