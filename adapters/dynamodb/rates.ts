/**
 * Counts of requests, one item for each counted party and minute. Whoever is over the bound is not counted further, and the item
 * is gone soon after its minute.
 * @module
 */
import { TooManyRequests } from "#core/errors.ts";
import { ConditionalCheckFailedException, UpdateCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { expressions } from "./expression.ts";
import { toSeconds } from "./item.ts";
import { rateKey, SCHEMA_VERSION } from "./keys.ts";

const WINDOW_SECONDS = 60;

export interface CountedRequest {
  /** What is asked for, and by whom. */
  readonly party: string;
  /** Names of counts in the party's item, each with the most it may reach in a minute. */
  readonly bounds: Readonly<Record<string, number>>;
  readonly at: Date;
}

/**
 * Counts a request, or refuses it when one of its counts is full. One write.
 * @throws TooManyRequests with the seconds that are left of the minute
 */
export async function countRequest(db: Db, { party, bounds, at }: CountedRequest): Promise<void> {
  const seconds = toSeconds(at);
  const windowStart = seconds - (seconds % WINDOW_SECONDS);
  const windowEnd = windowStart + WINDOW_SECONDS;
  const counts = Object.entries(bounds);
  try {
    await db.client.send(
      new UpdateCommand({
        TableName: db.table,
        Key: rateKey(party, windowStart),
        ...expressions({
          add: Object.fromEntries(counts.map(([name]) => [name, 1])),
          set: { expiresAt: windowEnd + WINDOW_SECONDS, v: SCHEMA_VERSION },
          where: Object.fromEntries(counts.map(([name, most]) => [name, { below: most }])),
        }),
      }),
    );
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) throw new TooManyRequests(windowEnd - seconds);
    throw error;
  }
}
