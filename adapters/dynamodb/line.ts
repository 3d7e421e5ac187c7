/**
 * The waiting line and the slots. Both are changed by moves alone; here they are read.
 * @module
 */

import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { DeleteCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { Db } from "./db.ts";
import { expressions } from "./expression.ts";
import { type Item, toDateOrNull } from "./item.ts";
import { LINE, SLOTS, slotKey } from "./keys.ts";
import { readPartition } from "./query.ts";

export interface Waiting {
  readonly build: number;
  readonly namespace: string;
  /** Not to be tried before; null for at once. */
  readonly nextTryOn: Date | null;
}

export interface Slot {
  readonly slot: number;
  readonly build: number;
  readonly attempt: number;
  /** The task's ARN once ECS has answered; null before. */
  readonly task: string | null;
}

/** The first builds of the waiting line, oldest first. */
export async function waiting(db: Db, limit: number): Promise<Waiting[]> {
  const line: Waiting[] = [];
  for await (const item of readPartition(db, { partition: LINE, limit })) line.push(toWaiting(item));
  return line;
}

/** A pass looks at no more of the line than this; the next wake-up looks again. */
const LOOK_AT_MOST = 1000;

/** The first `count` builds of the line whose next try is due. Those put back wait in their place, passed over. */
export async function waitingDue(db: Db, now: Date, count: number): Promise<Waiting[]> {
  const due: Waiting[] = [];
  const read = { partition: LINE, limit: LOOK_AT_MOST, pageSize: Math.min(LOOK_AT_MOST, count * 2 + 8) };
  for await (const item of readPartition(db, read)) {
    const place = toWaiting(item);
    if (place.nextTryOn === null || place.nextTryOn <= now) due.push(place);
    if (due.length === count) break;
  }
  return due;
}

const toWaiting = (item: Item): Waiting => ({
  build: item["build"] as number,
  namespace: item["namespace"] as string,
  nextTryOn: toDateOrNull(item["nextTryOn"]),
});

/** The slots that are taken. A free slot has no item. */
export async function slots(db: Db): Promise<Slot[]> {
  const taken: Slot[] = [];
  for await (const item of readPartition(db, { partition: SLOTS })) {
    taken.push({
      slot: item["slot"] as number,
      build: item["build"] as number,
      attempt: item["attempt"] as number,
      task: item["task"] as string | null,
    });
  }
  return taken;
}

/** Frees a slot whose attempt no longer counts. @returns false if it was freed, or taken by another, meanwhile */
export async function freeSlot(
  db: Db,
  { slot, build, attempt }: Pick<Slot, "slot" | "build" | "attempt">,
): Promise<boolean> {
  try {
    await db.client.send(
      new DeleteCommand({
        TableName: db.table,
        Key: slotKey(slot),
        ...expressions({ where: { build, attempt } }),
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** Notes which task ECS started for a slot. Does nothing if the attempt no longer holds it. */
export async function noteTask(
  db: Db,
  { slot, build, attempt }: Pick<Slot, "slot" | "build" | "attempt">,
  task: string,
): Promise<void> {
  try {
    await db.client.send(
      new UpdateCommand({
        TableName: db.table,
        Key: slotKey(slot),
        ...expressions({ set: { task }, where: { build, attempt } }),
      }),
    );
  } catch (error) {
    // The task was quicker: it has ended and its slot is free or another's.
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}
