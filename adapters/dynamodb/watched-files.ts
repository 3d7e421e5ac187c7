/**
 * What is known of watched files: one item for each. Cost: docs/access-patterns.md, 130 to 132.
 * @module
 */
import { shownUntil, type WatchedFile } from "#core/watched/file.ts";
import { ConditionalCheckFailedException, PutCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { ABSENT, expressions } from "./expression.ts";
import { type Item, toSeconds, withVersion } from "./item.ts";
import { WATCHED, watchedFileKey, watchedPrefix } from "./keys.ts";
import { readPartition } from "./query.ts";
import type { TransactItem } from "./transact.ts";

/** Of all namespaces, or of one: also those of removed files that DynamoDB is about to forget. */
export async function listWatchedFiles(db: Db, namespace?: string): Promise<WatchedFile[]> {
  const files: WatchedFile[] = [];
  const prefix = namespace === undefined ? {} : { prefix: watchedPrefix(namespace) };
  for await (const item of readPartition(db, { partition: WATCHED, ...prefix })) files.push(toFile(item));
  return files;
}

function toFile(item: Item): WatchedFile {
  const { pk: _pk, sk: _sk, v: _v, expiresAt: _end, ...file } = item;
  return file as unknown as WatchedFile;
}

/** Part of a transaction: takes the place of what it was made from, or the transaction fails. */
export const watchedFileItem = (db: Db, file: WatchedFile): TransactItem => ({ Put: putOf(db, file) });

/** Stores it in place of what it was made from. @returns null when another writer was first: then nothing is changed */
export async function putWatchedFile(db: Db, file: WatchedFile): Promise<WatchedFile | null> {
  return await db.client.send(new PutCommand(putOf(db, file))).then(
    () => stored(file),
    (error: unknown) => {
      if (error instanceof ConditionalCheckFailedException) return null;
      throw error;
    },
  );
}

/** As it is once it is written. */
export const stored = (file: WatchedFile): WatchedFile => ({ ...file, version: file.version + 1 });

function putOf({ table: TableName }: Db, file: WatchedFile) {
  const { version } = file;
  const { UpdateExpression: _, ...condition } = expressions({
    where: version === 0 ? { pk: ABSENT } : { version },
  });
  const end = shownUntil(file);
  const expiry = end ? { expiresAt: toSeconds(end) } : {};
  return {
    TableName,
    Item: withVersion({ ...watchedFileKey(file), ...stored(file), ...expiry }),
    ...condition,
  };
}
