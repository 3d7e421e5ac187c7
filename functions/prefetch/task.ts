/**
 * The program of the task that reads one subdir of one channel, for which a function has not the time or the memory. How it went stands in
 * the subdir's entry; the exit code says whether that could be written.
 * @module
 */
import { readConfig } from "#adapters/config.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { openLog } from "#adapters/log.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { REPODATA_LIMITS } from "#core/repodata/limits.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { readOrdered, Stopped, TooLong } from "./read-one.ts";

const HOURS_MAX = 6;

const config = readConfig([
  ...(["table", "bucket", "settings", "allowedPrivateHosts", "channelSecrets"] as const),
  ...(["repodataOrder", "logLevel"] as const),
]);
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort(new Stopped("The task that read it was told to stop.")));
setTimeout(() => stop.abort(new TooLong(HOURS_MAX)), HOURS_MAX * 3_600_000);

const db = openDb({ table: config.table });
const log = openLog({ level: config.logLevel, fields: { task: "prefetch", table: config.table } });
const outcome = await readOrdered(
  {
    db,
    bucket: openBucket(config.bucket, db.client),
    settings: deploymentSettings(config.settings),
    allowPrivateHosts: config.allowedPrivateHosts,
    channelSecrets: config.channelSecrets,
    limits: REPODATA_LIMITS,
    clock: () => new Date(),
    log,
    signal: stop.signal,
    inFunction: null,
  },
  config.repodataOrder,
);
log.info("ended", { outcome: outcome?.kind ?? "late, or overtaken" });
process.exit(0);
