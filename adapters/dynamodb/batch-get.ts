/**
 * Many items by key: a hundred a call, what was left out asked again.
 * @module
 */
import { BatchGetCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import type { Item } from "./item.ts";
import type { Key } from "./keys.ts";
import { AGAIN, withRetry } from "./retry.ts";

const BATCH = 100;

/** The items that exist, in no particular order. Equal keys are asked once. Strongly consistent. */
export async function batchGet(db: Db, keys: readonly Key[]): Promise<Item[]> {
  const unique = [...new Map(keys.map((key) => [`${key.pk}\n${key.sk}`, key])).values()];
  const batches: Key[][] = [];
  for (let i = 0; i < unique.length; i += BATCH) batches.push(unique.slice(i, i + BATCH));
  const found: Item[] = [];
  for (const batch of batches) {
    let open: Record<string, unknown>[] = batch.map((key) => ({ ...key }));
    await withRetry(async () => {
      const { Responses, UnprocessedKeys } = await db.client.send(
        new BatchGetCommand({ RequestItems: { [db.table]: { Keys: open, ConsistentRead: true } } }),
      );
      found.push(...(Responses?.[db.table] ?? []));
      open = UnprocessedKeys?.[db.table]?.Keys ?? [];
      return open.length > 0 ? AGAIN : "done";
    });
  }
  return found;
}
