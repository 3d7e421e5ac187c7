/**
 * The four kinds of items a transaction is made of.
 * @module
 */
import type { Db } from "./db.ts";
import { ABSENT, type Change, expressions } from "./expression.ts";
import { withVersion } from "./item.ts";
import type { Key } from "./keys.ts";
import type { TransactItem } from "./transact.ts";

/** Makes an item; fails if it exists. */
export const create = ({ table: TableName }: Db, key: Key, attributes: object): TransactItem => ({
  Put: {
    TableName,
    Item: withVersion({ ...key, ...attributes }),
    ...expressions({ where: { pk: ABSENT } }),
  },
});

/** Changes an item. Give a condition that only an existing item meets: an update would make a missing one. */
export function change({ table: TableName }: Db, Key: Key, wanted: Change): TransactItem {
  const { UpdateExpression = "", ...others } = expressions(wanted);
  return { Update: { TableName, Key, UpdateExpression, ...others } };
}

/** Removes an item. */
export const remove = (
  { table: TableName }: Db,
  Key: Key,
  where: NonNullable<Change["where"]>,
): TransactItem => ({ Delete: { TableName, Key, ...expressions({ where }) } });

/** Writes nothing; fails unless the item is as expected. */
export function check({ table: TableName }: Db, Key: Key, where: NonNullable<Change["where"]>): TransactItem {
  const { ConditionExpression = "", ...others } = expressions({ where });
  return { ConditionCheck: { TableName, Key, ConditionExpression, ...others } };
}
