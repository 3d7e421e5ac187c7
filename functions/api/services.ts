/**
 * What the API works with; made once per container by the handler, and by tests around a local AWS.
 * @module
 */
import type { Db } from "#adapters/dynamodb/db.ts";
import type { Log } from "#adapters/log.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import type { SecretCache } from "#adapters/secrets/secret.ts";
import type { LinkMessage } from "#core/build/messages.ts";
import type { TryPolicy } from "#core/build/tries.ts";
import type { Login } from "#core/login/backends.ts";
import type { Rates } from "#core/rates.ts";
import type { IndexRequest } from "#core/repodata/index-request.ts";
import type { Settings } from "#core/settings/settings.ts";
import type { ServiceTokens } from "#core/token/services.ts";

export interface BuildLimits extends TryPolicy {
  readonly maxQueueHours: number;
  readonly maxAttemptMinutes: number;
}

export interface Services {
  readonly db: Db;
  /** How long entries of the audit are kept. */
  readonly auditDays: number;
  readonly bucket: Bucket;
  readonly secret: SecretCache;
  readonly settings: Settings;
  /** In front of every route: empty, or a path such as `/conda-store`. */
  readonly prefix: string;
  /** Services with tokens of their own. */
  readonly services: ServiceTokens;
  /** How people log in. */
  readonly login: Login;
  /** A login backend's secret, by its ARN. */
  readonly clientSecret: (arn: string) => Promise<string>;
  readonly rates: Rates;
  /** What bounds a build. */
  readonly limits: BuildLimits;
  /** `host` or `host:port` that channels, packages and login providers may have though private. */
  readonly allowPrivateHosts: readonly string[];
  /** Tells dispatch that the line has grown. */
  readonly wakeUp: (reason: string) => Promise<void>;
  /** Tells the keeper of links that an environment may want another one. */
  readonly askForLink: (link: LinkMessage) => Promise<void>;
  /** Has channels read now. */
  readonly askForIndexes: (request: IndexRequest) => Promise<void>;
  /** Tells the solver which solve to make. */
  readonly askForSolve: (id: string) => Promise<void>;
  /** How long a request may wait for a solve. */
  readonly solveWaitMs: number;
  /** The OpenAPI document. */
  readonly openApi: URL;
  /** Directory of the bundled page. */
  readonly page: URL;
  readonly log: Log;
}
