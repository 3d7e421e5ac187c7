/**
 * Lambda entry of finish: messages of build tasks, and ECS's task state changes.
 * @module
 */
import type { EventBridgeEvent, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { readConfig } from "#adapters/config.ts";
import { onBehalf } from "#adapters/dynamodb/audit.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { openLog } from "#adapters/log.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import { systemOrigin } from "#core/audit/entry.ts";
import { type LinkMessage, parseFinishMessage, type WakeUp } from "#core/build/messages.ts";
import { parseStoppedTask } from "#core/build/stopped-task.ts";
import { BUILD_CONTAINER } from "#core/layout.ts";
import { type FinishContext, taskReported, taskStopped } from "./finish.ts";

/** Opened at the first event, so that a wrong environment is told in the log of an event. */
let context: FinishContext | undefined;

function open(): FinishContext {
  const config = readConfig([
    "table",
    "bucket",
    "wakeUpQueue",
    "linkQueue",
    "maxTries",
    "taskSizes",
    "auditDays",
    "logLevel",
  ]);
  const db = onBehalf(openDb({ table: config.table }), systemOrigin("finish"), config.auditDays);
  return {
    db,
    bucket: openBucket(config.bucket, db.client),
    wakeUps: openQueue<WakeUp>(config.wakeUpQueue, db.client),
    links: config.linkQueue === null ? null : openQueue<LinkMessage>(config.linkQueue, db.client),
    maxTries: config.maxTries,
    taskSizes: config.taskSizes,
    clock: () => new Date(),
    log: openLog({ level: config.logLevel, fields: { function: "finish", table: config.table } }),
  };
}

/**
 * Answers each message for itself: one that fails comes again, the others are done. A failed event is thrown, so that
 * Lambda tries it again.
 */
export async function handler(
  event: SQSEvent | EventBridgeEvent<string, unknown>,
): Promise<SQSBatchResponse | undefined> {
  context ??= open();
  if ("Records" in event) return await messages(context, event.Records);
  const stopped = parseStoppedTask(event.detail, BUILD_CONTAINER);
  if (stopped) await taskStopped(context, stopped);
  else context.log.info("an event of no task of ours that stopped", { type: event["detail-type"] });
  return undefined;
}

async function messages(context: FinishContext, records: readonly SQSRecord[]): Promise<SQSBatchResponse> {
  const outcomes = await Promise.allSettled(records.map((record) => oneMessage(context, record)));
  const failed = records.filter((record, i) => {
    const outcome = outcomes[i];
    if (outcome?.status !== "rejected") return false;
    context.log.error("a result could not be taken; its message stays in the queue", {
      messageId: record.messageId,
      error: outcome.reason,
    });
    return true;
  });
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

async function oneMessage(context: FinishContext, { messageId, body }: SQSRecord): Promise<void> {
  const message = parseFinishMessage(body);
  if (message) await taskReported(context, message);
  else context.log.error("a message that is none of ours is dropped", { messageId });
}
