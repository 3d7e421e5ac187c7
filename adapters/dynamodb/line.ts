/**
 * The waiting line, a part of it for each namespace, and the slots. Both are changed by moves; here they are read, and what
 * a move left behind is taken away.
 * @module
 */

import type { Turn } from "#core/build/turns.ts";
import { ConditionalCheckFailedException, DeleteCommand, UpdateCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { expressions } from "./expression.ts";
import { type Item, toDateOrNull } from "./item.ts";
import {
  type Key,
  lineKey,
  linePartition,
  SLOTS,
  shareKey,
  sharesPrefix,
  slotKey,
  TURNS,
  turnKey,
} from "./keys.ts";
import { countBefore, readPartition } from "./query.ts";

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

/** One of the slots that a namespace may have at once. */
export interface Share {
  readonly namespace: string;
  readonly share: number;
  readonly build: number;
  readonly attempt: number;
}

/** The namespaces whose builds wait, in no order that means anything. */
export async function readTurns(db: Db): Promise<Turn[]> {
  const ring: Turn[] = [];
  for await (const item of readPartition(db, { partition: TURNS })) {
    ring.push({
      namespace: item["namespace"] as string,
      turn: item["turn"] as number,
      waiting: item["waiting"] as number,
    });
  }
  return ring;
}

/** Takes a namespace off the ring, unless a build of it has come to wait meanwhile. */
export async function leaveRing(db: Db, namespace: string): Promise<void> {
  await removeIf(db, turnKey(namespace), { waiting: 0 });
}

/** The oldest builds of a namespace's line. */
export async function oldestWaiting(db: Db, namespace: string, limit: number): Promise<Waiting[]> {
  const line: Waiting[] = [];
  for await (const item of readPartition(db, { partition: linePartition(namespace), limit })) {
    line.push(toWaiting(item));
  }
  return line;
}

/** A pass looks at no more of one namespace's line than this; what is behind is found when those before have started. */
const LOOK_AT_MOST = 1000;

/** The oldest `count` builds of a namespace whose next try is due. Those put back wait in their place, passed over. */
export async function waitingDue(db: Db, namespace: string, now: Date, count: number): Promise<Waiting[]> {
  const due: Waiting[] = [];
  const pageSize = Math.min(LOOK_AT_MOST, count + 8);
  const read = { partition: linePartition(namespace), limit: LOOK_AT_MOST, pageSize };
  for await (const item of readPartition(db, read)) {
    const place = toWaiting(item);
    if (place.nextTryOn === null || place.nextTryOn <= now) due.push(place);
    if (due.length === count) break;
  }
  return due;
}

/** How many builds of a namespace wait that are older than this one. */
export async function countOlder(
  db: Db,
  { namespace, id }: { namespace: string; id: number },
): Promise<number> {
  return await countBefore(db, lineKey(namespace, id));
}

const toWaiting = (item: Item): Waiting => ({
  build: item["build"] as number,
  namespace: item["namespace"] as string,
  nextTryOn: toDateOrNull(item["nextTryOn"]),
});

export interface Held {
  readonly slots: readonly Slot[];
  readonly shares: readonly Share[];
}

/** What is taken of the slots, and of each namespace's shares of them. */
export async function readHeld(db: Db): Promise<Held> {
  const held = { slots: [] as Slot[], shares: [] as Share[] };
  for await (const item of readPartition(db, { partition: SLOTS })) {
    const build = item["build"] as number;
    const attempt = item["attempt"] as number;
    if (item["share"] === undefined) {
      held.slots.push({ slot: item["slot"] as number, build, attempt, task: item["task"] as string | null });
    } else {
      const namespace = item["namespace"] as string;
      held.shares.push({ namespace, share: item["share"] as number, build, attempt });
    }
  }
  return held;
}

/** The slots that are taken. A free slot has no item. */
export async function slots(db: Db): Promise<readonly Slot[]> {
  return (await readHeld(db)).slots;
}

/** How many slots the builds of a namespace have. */
export async function countShares(db: Db, namespace: string): Promise<number> {
  let count = 0;
  for await (const _ of readPartition(db, { partition: SLOTS, prefix: sharesPrefix(namespace) })) count++;
  return count;
}

/** Frees a slot whose attempt no longer counts. @returns false if it was freed, or taken by another, meanwhile */
export async function freeSlot(
  db: Db,
  { slot, build, attempt }: Pick<Slot, "slot" | "build" | "attempt">,
): Promise<boolean> {
  return await removeIf(db, slotKey(slot), { build, attempt });
}

/** Frees a share whose attempt no longer counts. @returns false if it was freed, or taken by another, meanwhile */
export async function freeShare(db: Db, { namespace, share, build, attempt }: Share): Promise<boolean> {
  return await removeIf(db, shareKey(namespace, share), { build, attempt });
}

async function removeIf(db: Db, Key: Key, where: Readonly<Record<string, unknown>>): Promise<boolean> {
  try {
    await db.client.send(new DeleteCommand({ TableName: db.table, Key, ...expressions({ where }) }));
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
