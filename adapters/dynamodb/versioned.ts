/**
 * Items that count their changes: each is stored in place of the one that it was made from, or not at all.
 * @module
 */
import { ConditionalCheckFailedException, PutCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { ABSENT, type Expressions, expressions } from "./expression.ts";
import { type Item, withVersion } from "./item.ts";

/** As a condition: what is there is of this version; of 0, that nothing is. */
export function isVersion(version: number): Omit<Expressions, "UpdateExpression"> {
  const { UpdateExpression: _, ...condition } = expressions({
    where: version === 0 ? { pk: ABSENT } : { version },
  });
  return condition;
}

/**
 * Puts an item in place of the one of that version. It leaves `writtenBy` in it: who repeats a write whose answer was lost meets
 * his own.
 * @returns false when another writer was first: then nothing is changed
 */
export async function putVersioned(db: Db, item: Item, version: number): Promise<boolean> {
  const writtenBy = crypto.randomUUID();
  const put = new PutCommand({
    TableName: db.table,
    Item: withVersion({ ...item, writtenBy }),
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    ...isVersion(version),
  });
  return await db.client.send(put).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ConditionalCheckFailedException) return error.Item?.["writtenBy"] === writtenBy;
      throw error;
    },
  );
}
