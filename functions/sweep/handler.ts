/**
 * Lambda entry of sweep: EventBridge, every minute. The event says nothing.
 * @module
 */
import { readConfig } from "#adapters/config.ts";
import { onBehalf } from "#adapters/dynamodb/audit.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { openWatchedTasks } from "#adapters/ecs/watch-tasks.ts";
import { openLog } from "#adapters/log.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import { systemOrigin } from "#core/audit/entry.ts";
import type { FinishMessage, LinkMessage, RemovalMessage, WakeUp } from "#core/build/messages.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { doJobs, type JobsContext } from "./jobs.ts";
import { type SweepContext, type Swept, sweep } from "./sweep.ts";

/** Opened at the first event, so that a wrong environment is told in the log of an event. */
let context: (SweepContext & JobsContext) | undefined;

function open(): SweepContext & JobsContext {
  const config = readConfig([
    ...(["table", "bucket", "wakeUpQueue", "finishQueue", "cluster", "slots", "slotsPerNamespace"] as const),
    ...(["maxQueueHours", "maxAttemptMinutes", "maxTries", "taskSizes", "logLevel"] as const),
    ...(["linkQueue", "settings", "removalGraceMinutes", "auditDays"] as const),
  ]);
  const db = onBehalf(openDb({ table: config.table }), systemOrigin("sweep"), config.auditDays);
  return {
    db,
    bucket: openBucket(config.bucket, db.client),
    wakeUps: openQueue<WakeUp>(config.wakeUpQueue, db.client),
    ends: openQueue<FinishMessage>(config.finishQueue, db.client),
    store:
      config.linkQueue === null ? null : openQueue<LinkMessage | RemovalMessage>(config.linkQueue, db.client),
    settings: deploymentSettings(config.settings),
    graceMinutes: config.removalGraceMinutes,
    tasks: openWatchedTasks(config.cluster),
    slots: config.slots,
    slotsPerNamespace: config.slotsPerNamespace,
    maxQueueHours: config.maxQueueHours,
    maxAttemptMinutes: config.maxAttemptMinutes,
    maxTries: config.maxTries,
    taskSizes: config.taskSizes,
    clock: () => new Date(),
    log: openLog({ level: config.logLevel, fields: { function: "sweep", table: config.table } }),
  };
}

export async function handler(): Promise<Swept & { readonly jobs: number }> {
  context ??= open();
  const swept = { ...(await sweep(context)), jobs: await doJobs(context) };
  // A metric is paid for by the hour in which it has values: an idle deployment has none.
  if (swept.ended + swept.waiting + swept.slotsTaken > 0) {
    context.log.measure({
      BuildsLost: swept.ended,
      BuildsWaiting: swept.waiting,
      OldestWait: swept.oldestWaitSeconds,
      SlotsTaken: swept.slotsTaken,
    });
  }
  context.log.info("swept", { ...swept });
  return swept;
}
