/**
 * What the registry works with, and how requests and replies look inside it.
 * @module
 */
import type { Db } from "#adapters/dynamodb/db.ts";
import type { Log } from "#adapters/log.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import type { SecretCache } from "#adapters/secrets/secret.ts";
import type { ServiceTokens } from "#core/token/services.ts";

export interface Services {
  readonly db: Db;
  readonly bucket: Bucket;
  readonly secret: SecretCache;
  /** Services with tokens of their own. */
  readonly services: ServiceTokens;
  readonly log: Log;
}

/** Plain data: the web's Request would have to be loaded first, and this function starts when somebody waits for a pull. */
export interface RegistryRequest {
  readonly id: string;
  readonly method: string;
  /** Percent-decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface RegistryReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An environment, as the path names it. */
export interface RepositoryName {
  readonly namespace: string;
  readonly environment: string;
}

export const json = (value: unknown, headers: Readonly<Record<string, string>> = {}): RegistryReply => ({
  status: 200,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(value),
});
