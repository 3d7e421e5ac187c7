/**
 * Lambda entry of watch: EventBridge, every few minutes. The event says nothing.
 * @module
 */
import { readConfig } from "#adapters/config.ts";
import { onBehalf } from "#adapters/dynamodb/audit.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { openLog } from "#adapters/log.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { openQueue, send } from "#adapters/sqs/queue.ts";
import { systemOrigin } from "#core/audit/entry.ts";
import type { WakeUp } from "#core/build/messages.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { bucketSource } from "./bucket-source.ts";
import type { WatchContext } from "./context.ts";
import { type Invocation, timeLeft } from "./time-left.ts";
import { type Watched, watch } from "./watch.ts";

/** Opened at the first event, so that a wrong environment is told in the log of an event. */
let context: Omit<WatchContext, "signal"> | undefined;

function open(): Omit<WatchContext, "signal"> {
  const config = readConfig([
    "table",
    "bucket",
    "settings",
    "allowedPrivateHosts",
    "wakeUpQueue",
    "auditDays",
    "logLevel",
  ]);
  const db = onBehalf(openDb({ table: config.table }), systemOrigin("watch"), config.auditDays);
  const queue = openQueue<WakeUp>(config.wakeUpQueue, db.client);
  return {
    db,
    source: bucketSource(openBucket(config.bucket, db.client)),
    settings: deploymentSettings(config.settings),
    allowPrivateHosts: config.allowedPrivateHosts,
    wakeUp: (reason) => send(queue, { reason }),
    clock: () => new Date(),
    log: openLog({ level: config.logLevel, fields: { function: "watch", table: config.table } }),
  };
}

export async function handler(_event: unknown, lambda?: Invocation): Promise<Watched> {
  context ??= open();
  return await watch({ ...context, signal: timeLeft(lambda) });
}
