/**
 * Many items written or removed, each by itself: 25 a call, what was left out sent again.
 * @module
 */
import pLimit from "p-limit";
import { BatchWriteCommand, type BatchWriteCommandInput } from "./commands.ts";
import type { Db } from "./db.ts";
import { AGAIN, withRetry } from "./retry.ts";

export type WriteRequest = NonNullable<BatchWriteCommandInput["RequestItems"]>[string][number];

/** The most that DynamoDB takes in one call. */
const BATCH = 25;
const HANDS = 4;

/** No two requests may be for one key. */
export async function batchWrite(db: Db, requests: readonly WriteRequest[]): Promise<void> {
  const batches: WriteRequest[][] = [];
  for (let i = 0; i < requests.length; i += BATCH) batches.push(requests.slice(i, i + BATCH));
  const limit = pLimit(HANDS);
  await Promise.all(batches.map((batch) => limit(() => writeBatch(db, batch))));
}

async function writeBatch(db: Db, batch: WriteRequest[]): Promise<void> {
  let open = batch;
  await withRetry(async () => {
    const { UnprocessedItems } = await db.client.send(
      new BatchWriteCommand({ RequestItems: { [db.table]: open } }),
    );
    open = UnprocessedItems?.[db.table] ?? [];
    return open.length > 0 ? AGAIN : "done";
  });
}
