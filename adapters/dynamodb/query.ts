/**
 * Reading one partition in the order of its sort keys.
 * @module
 */
import { QueryCommand } from "@aws-sdk/lib-dynamodb";
import type { Db } from "./db.ts";
import type { Item } from "./item.ts";
import type { Key } from "./keys.ts";

export interface PartitionRead {
  readonly partition: string;
  /** Only items whose sort key begins so. */
  readonly prefix?: string;
  readonly descending?: boolean;
  /** Begin behind this key, which need not be there. */
  readonly after?: Key;
  /** Stop after this many; without it the whole partition is read, a megabyte a call. */
  readonly limit?: number;
  /** Items a call, where a caller is likely to stop early. */
  readonly pageSize?: number;
}

/** Items of a partition, call by call, so that a caller who has enough stops the reading. Strongly consistent. */
export async function* readPartition(
  db: Db,
  { partition, prefix, descending = false, limit, pageSize, after }: PartitionRead,
): AsyncGenerator<Item> {
  let from: Item | undefined = after && { ...after };
  const most = pageSize ?? Number.POSITIVE_INFINITY;
  let left = limit ?? Number.POSITIVE_INFINITY;
  do {
    const page = await db.client.send(
      new QueryCommand({
        TableName: db.table,
        KeyConditionExpression: prefix === undefined ? "pk = :pk" : "pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues: { ":pk": partition, ...(prefix === undefined ? {} : { ":sk": prefix }) },
        ScanIndexForward: !descending,
        ConsistentRead: true,
        ...(Number.isFinite(Math.min(left, most)) ? { Limit: Math.min(left, most) } : {}),
        ...(from ? { ExclusiveStartKey: from } : {}),
      }),
    );
    const items = page.Items ?? [];
    yield* items;
    left -= items.length;
    from = page.LastEvaluatedKey;
  } while (from && left > 0);
}

/** How many items of a partition come before a key. Strongly consistent; reads them all, and sends none. */
export async function countBefore(db: Db, { pk, sk }: Key): Promise<number> {
  let count = 0;
  let from: Item | undefined;
  do {
    const page = await db.client.send(
      new QueryCommand({
        TableName: db.table,
        KeyConditionExpression: "pk = :pk AND sk < :sk",
        ExpressionAttributeValues: { ":pk": pk, ":sk": sk },
        Select: "COUNT",
        ConsistentRead: true,
        ...(from ? { ExclusiveStartKey: from } : {}),
      }),
    );
    count += page.Count ?? 0;
    from = page.LastEvaluatedKey;
  } while (from);
  return count;
}
