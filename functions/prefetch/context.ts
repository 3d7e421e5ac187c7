/**
 * What reading channels works with.
 * @module
 */
import type { Db } from "#adapters/dynamodb/db.ts";
import type { StartOutcome } from "#adapters/ecs/start-task.ts";
import type { Log } from "#adapters/log.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import type { RepodataLimits } from "#core/repodata/limits.ts";
import type { RepodataOrder } from "#core/repodata/order.ts";
import type { PrivateChannels } from "#core/repodata/private-channels.ts";
import type { Settings } from "#core/settings/settings.ts";

export interface ReaderContext {
  readonly db: Db;
  readonly bucket: Bucket;
  /** The deployment's. */
  readonly settings: Settings;
  readonly allowPrivateHosts: readonly string[];
  /** Names of the secrets with credentials of channels begin so. */
  readonly channelSecrets: string;
  readonly limits: RepodataLimits;
  readonly clock: () => Date;
  readonly log: Log;
  /** Aborts when there is no time left. */
  readonly signal: AbortSignal;
  /** The function that reads; null in its task. */
  readonly inFunction: {
    readonly memoryMb: number;
    /** Has a task read a channel. */
    readonly startTask: (order: RepodataOrder) => Promise<StartOutcome>;
  } | null;
}

export interface PrefetchContext extends ReaderContext {
  readonly privateChannels: PrivateChannels;
}
