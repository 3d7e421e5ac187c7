/**
 * Lambda entry of dispatch: wake-ups from the queue, always consumed unless dispatch itself fails.
 * @module
 */
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { readConfig } from "#adapters/config.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { openTasks } from "#adapters/ecs/start-task.ts";
import { openLog } from "#adapters/log.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import type { WakeUp } from "#core/build/messages.ts";
import { type DispatchContext, dispatch } from "./dispatch.ts";

/** Opened at the first event, so that a wrong environment is told in the log of an event. */
let context: DispatchContext | undefined;

function open(): DispatchContext {
  const config = readConfig([
    "table",
    "wakeUpQueue",
    "cluster",
    "taskDefinition",
    "subnets",
    "securityGroups",
    "assignsPublicIp",
    "slots",
    "slotsPerNamespace",
    "taskSizes",
    "logLevel",
  ]);
  const db = openDb({ table: config.table });
  return {
    db,
    tasks: openTasks(config),
    wakeUps: openQueue<WakeUp>(config.wakeUpQueue, db.client),
    slots: config.slots,
    slotsPerNamespace: config.slotsPerNamespace,
    taskSizes: config.taskSizes,
    clock: () => new Date(),
    log: openLog({ level: config.logLevel, fields: { function: "dispatch", table: config.table } }),
  };
}

/** One pass answers every message of the batch: each only says that there may be work. */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  context ??= open();
  try {
    const done = await dispatch(context);
    if (done.putBack > 0) context.log.measure({ TasksNotStarted: done.putBack });
    context.log.info("dispatched", { wakeUps: event.Records.map(({ body }) => body), ...done });
    return { batchItemFailures: [] };
  } catch (error) {
    context.log.error("dispatch failed; its wake-ups stay in the queue", { error });
    return { batchItemFailures: event.Records.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  }
}
