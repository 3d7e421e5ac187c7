/**
 * What is known of watched files: one item for each. Cost: docs/access-patterns.md, 130 to 132.
 * @module
 */
import { shownUntil, type WatchedFile } from "#core/watched/file.ts";
import type { Db } from "./db.ts";
import { type Item, toSeconds, withVersion } from "./item.ts";
import { WATCHED, watchedFileKey, watchedPrefix } from "./keys.ts";
import { readPartition } from "./query.ts";
import type { TransactItem } from "./transact.ts";
import { isVersion, putVersioned } from "./versioned.ts";

/** Of all namespaces, or of one: also those of removed files that DynamoDB is about to forget. */
export async function listWatchedFiles(db: Db, namespace?: string): Promise<WatchedFile[]> {
  const files: WatchedFile[] = [];
  const prefix = namespace === undefined ? {} : { prefix: watchedPrefix(namespace) };
  for await (const item of readPartition(db, { partition: WATCHED, ...prefix })) files.push(toFile(item));
  return files;
}

function toFile(item: Item): WatchedFile {
  const { pk: _pk, sk: _sk, v: _v, expiresAt: _end, writtenBy: _by, ...file } = item;
  return file as unknown as WatchedFile;
}

/** Part of a transaction: takes the place of what it was made from, or the transaction fails. */
export const watchedFileItem = (db: Db, file: WatchedFile): TransactItem => ({
  Put: { TableName: db.table, Item: withVersion(itemOf(file)), ...isVersion(file.version) },
});

/** Stores it in place of what it was made from. @returns null when another writer was first: then nothing is changed */
export async function putWatchedFile(db: Db, file: WatchedFile): Promise<WatchedFile | null> {
  return (await putVersioned(db, itemOf(file), file.version)) ? stored(file) : null;
}

/** As it is once it is written. */
export const stored = (file: WatchedFile): WatchedFile => ({ ...file, version: file.version + 1 });

function itemOf(file: WatchedFile): Item {
  const end = shownUntil(file);
  return { ...watchedFileKey(file), ...stored(file), ...(end ? { expiresAt: toSeconds(end) } : {}) };
}
