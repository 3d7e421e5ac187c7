/**
 * What function and task open alike, each from its environment.
 * @module
 */
import type { Config } from "#adapters/config.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { type LogFields, openLog } from "#adapters/log.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { REPODATA_LIMITS } from "#core/repodata/limits.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import type { ReaderContext } from "./context.ts";

type Variable = "table" | "bucket" | "settings" | "allowedPrivateHosts" | "channelSecrets" | "logLevel";

/** @param who on every line of the log */
export function openReader(
  config: Config<Variable>,
  who: LogFields,
): Omit<ReaderContext, "signal" | "inFunction"> {
  const { table } = config;
  const db = openDb({ table });
  return {
    db,
    bucket: openBucket(config.bucket, db.client),
    settings: deploymentSettings(config.settings),
    allowPrivateHosts: config.allowedPrivateHosts,
    channelSecrets: config.channelSecrets,
    limits: REPODATA_LIMITS,
    clock: () => new Date(),
    log: openLog({ level: config.logLevel, fields: { ...who, table } }),
  };
}
