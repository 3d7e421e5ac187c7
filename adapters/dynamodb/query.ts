/**
 * Reading one partition in the order of its sort keys.
 * @module
 */
import { QueryCommand } from "./commands.ts";
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
  /** Pass over this many first: they are counted, and not sent. */
  readonly skip?: number;
  /** Only these attributes of each item are sent. */
  readonly attributes?: readonly string[];
  /** Stop after this many; without it the whole partition is read, a megabyte a call. */
  readonly limit?: number;
  /** Items a call, where a caller is likely to stop early. */
  readonly pageSize?: number;
}

/** Items of a partition, call by call, so that a caller who has enough stops the reading. Strongly consistent. */
export async function* readPartition(db: Db, read: PartitionRead): AsyncGenerator<Item> {
  const { limit, pageSize, after, skip = 0 } = read;
  const position = await passOver(db, read, after && { ...after }, skip);
  if (position === "end") return;
  let { from } = position;
  const most = pageSize ?? Number.POSITIVE_INFINITY;
  let left = limit ?? Number.POSITIVE_INFINITY;
  do {
    const page = await db.client.send(
      new QueryCommand({
        ...queryOf(db, read),
        ...(read.attributes ? projection(read.attributes) : {}),
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

function queryOf({ table }: Db, { partition, prefix, descending = false }: PartitionRead) {
  return {
    TableName: table,
    KeyConditionExpression: prefix === undefined ? "pk = :pk" : "pk = :pk AND begins_with(sk, :sk)",
    ExpressionAttributeValues: { ":pk": partition, ...(prefix === undefined ? {} : { ":sk": prefix }) },
    ScanIndexForward: !descending,
    ConsistentRead: true,
  };
}

/** By alias, as DynamoDB reserves words. */
const projection = (attributes: readonly string[]) => ({
  ProjectionExpression: attributes.map((name) => `#${name}`).join(", "),
  ExpressionAttributeNames: Object.fromEntries(attributes.map((name) => [`#${name}`, name])),
});

/** Where to go on behind `count` items. */
async function passOver(
  db: Db,
  read: PartitionRead,
  start: Item | undefined,
  count: number,
): Promise<{ from: Item | undefined } | "end"> {
  let from = start;
  for (let left = count; left > 0; ) {
    const page = await db.client.send(
      new QueryCommand({
        ...queryOf(db, read),
        Select: "COUNT",
        Limit: left,
        ...(from ? { ExclusiveStartKey: from } : {}),
      }),
    );
    left -= page.Count ?? 0;
    from = page.LastEvaluatedKey;
    if (!from) return "end";
  }
  return { from };
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
