/**
 * Integer ids from atomic counters. An id that a failed write took is lost, never given out again.
 * @module
 */
import { GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { Db } from "./db.ts";
import { expressions } from "./expression.ts";
import { type CounterKind, counterKey, SCHEMA_VERSION } from "./keys.ts";

/** The next id; the first is 1 unless the deployment seeded the counter higher. */
export async function nextId(db: Db, kind: CounterKind): Promise<number> {
  const { Attributes } = await db.client.send(
    new UpdateCommand({
      TableName: db.table,
      Key: counterKey(kind),
      ...expressions({ add: { lastId: 1 }, set: { v: SCHEMA_VERSION } }),
      ReturnValues: "UPDATED_NEW",
    }),
  );
  return Number(Attributes?.["lastId"]);
}

/** The highest id given out so far; 0 before the first. */
export async function lastId(db: Db, kind: CounterKind): Promise<number> {
  const { Item } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: counterKey(kind), ConsistentRead: true }),
  );
  return Number(Item?.["lastId"] ?? 0);
}
