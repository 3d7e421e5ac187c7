/**
 * Counts of requests, one item for each counted party and minute. Whoever is over the bound is not counted further, and the item
 * is gone soon after its minute.
 * @module
 */
import { TooManyRequests } from "#core/errors.ts";
import { ConditionalCheckFailedException, UpdateCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { type Change, expressions } from "./expression.ts";
import { toSeconds } from "./item.ts";
import { rateKey, SCHEMA_VERSION } from "./keys.ts";
import type { TransactItem } from "./transact.ts";
import { change } from "./transact-items.ts";

const WINDOW_SECONDS = 60;

export interface CountedRequest {
  /** What is asked for, and by whom. */
  readonly party: string;
  /** Names of counts in the party's item, each with the most it may reach in a minute. */
  readonly bounds: Readonly<Record<string, number>>;
  readonly at: Date;
}

/**
 * Counts a request, or refuses it when one of its counts is full. One write; none where this process knows already that the minute is full.
 * @throws TooManyRequests with the seconds that are left of the minute
 */
export async function countRequest(db: Db, counted: CountedRequest): Promise<void> {
  refuseIfFull(db, counted);
  try {
    await db.client.send(
      new UpdateCommand({ TableName: db.table, Key: keyOf(counted), ...expressions(countUp(counted)) }),
    );
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) throw isFull(db, counted);
    throw error;
  }
}

/** The same as part of a transaction: when its condition does not hold, throw `isFull`. */
export const countItem = (db: Db, counted: CountedRequest): TransactItem =>
  change(db, keyOf(counted), countUp(counted));

/** What this process was refused in the newest minute that it saw: counts only grow, so a full one stays full. */
const full = { windowStart: 0, parties: new Set<string>() };

/** @throws TooManyRequests for what was refused in the same minute before, without any call */
export function refuseIfFull(db: Db, counted: CountedRequest): void {
  if (full.windowStart === windowOf(counted) && full.parties.has(nameOf(db, counted))) {
    throw refusal(counted);
  }
}

/** Remembers that a count is full. @returns what to throw */
export function isFull(db: Db, counted: CountedRequest): TooManyRequests {
  const windowStart = windowOf(counted);
  if (full.windowStart !== windowStart) {
    full.windowStart = windowStart;
    full.parties.clear();
  }
  full.parties.add(nameOf(db, counted));
  return refusal(counted);
}

const windowOf = ({ at }: CountedRequest): number => toSeconds(at) - (toSeconds(at) % WINDOW_SECONDS);
const keyOf = (counted: CountedRequest) => rateKey(counted.party, windowOf(counted));
const nameOf = ({ table }: Db, { party, bounds }: CountedRequest): string =>
  JSON.stringify([table, party, bounds]);
const refusal = (counted: CountedRequest): TooManyRequests =>
  new TooManyRequests(windowOf(counted) + WINDOW_SECONDS - toSeconds(counted.at));

function countUp(counted: CountedRequest): Change {
  const counts = Object.entries(counted.bounds);
  return {
    add: Object.fromEntries(counts.map(([name]) => [name, 1])),
    set: { expiresAt: windowOf(counted) + 2 * WINDOW_SECONDS, v: SCHEMA_VERSION },
    where: Object.fromEntries(counts.map(([name, most]) => [name, { below: most }])),
  };
}
