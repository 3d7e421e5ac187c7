/**
 * What sweep remembers from one look at the slots to the next: one item for each slot, written over.
 * @module
 */
import type { Watch } from "#core/build/watch.ts";
import { PutCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { withVersion } from "./item.ts";
import { WATCH, watchKey } from "./keys.ts";
import { readPartition } from "./query.ts";

/** By slot. There are never more than there ever were slots. */
export async function readWatches(db: Db): Promise<Map<number, Watch>> {
  const watches = new Map<number, Watch>();
  for await (const item of readPartition(db, { partition: WATCH })) {
    watches.set(item["slot"] as number, {
      slot: item["slot"] as number,
      build: item["build"] as number,
      attempt: item["attempt"] as number,
      beat: item["beat"] as number,
      beatSinceMs: item["beatSinceMs"] as number,
      claimedSinceMs: item["claimedSinceMs"] as number | null,
      missingSinceMs: item["missingSinceMs"] as number | null,
    });
  }
  return watches;
}

/**
 * Unconditional: two sweeps at once write what each has seen, and a beat that was true for one has not gone backwards
 * for the other.
 */
export async function keepWatch(db: Db, watch: Watch): Promise<void> {
  const Item = withVersion({ ...watchKey(watch.slot), ...watch });
  await db.client.send(new PutCommand({ TableName: db.table, Item }));
}
