/**
 * Removing a directory that nobody holds any more, and what attempts at it left behind.
 * @module
 */
import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { removeTree } from "#adapters/disk/remove-tree.ts";
import { forgetThing, getThings } from "#adapters/dynamodb/holds.ts";
import { transact } from "#adapters/dynamodb/transact.ts";
import type { RemovalMessage } from "#core/build/messages.ts";
import { directoryThing, parseThing } from "#core/build/thing.ts";
import type { StoreContext } from "./store.ts";

/**
 * Does so only if the table says that the directory is condemned; the message alone removes nothing. Its name vanishes
 * first, so that nobody sees half of it. What breaks off is gone on with by the next message.
 * @throws Error when something cannot be removed: the message comes again
 */
export async function removeDirectory(context: StoreContext, message: RemovalMessage): Promise<void> {
  const { db, diskDirectory, log } = context;
  const { namespace, directory } = message;
  const name = directoryThing(namespace, directory);
  const condemned = (await getThings(db, [name])).get(name)?.condemned;
  if (!condemned || parseThing(name) === null) {
    return log.warn("a directory that is not condemned stays", { namespace, directory });
  }
  const parent = join(diskDirectory, namespace);
  // A copy that was being made is called so, too; a build's number is in its key, so they are no other build's.
  const hidden = `.${directory}.`;
  await rename(join(parent, directory), join(parent, `${hidden}removed`)).catch(ifThere);
  const names = await readdir(parent).catch((error: unknown) => {
    ifThere(error);
    return [];
  });
  let entries = 0;
  for (const each of [directory, ...names.filter((other) => other.startsWith(hidden))]) {
    entries += await removeTree(join(parent, each));
  }
  await transact(db, [forgetThing(db, name, condemned.by)]);
  log.info("a directory is removed", { namespace, directory, entries });
}

/** It is not there: removed by an earlier message, or never made. Or it was half removed when that broke off. */
function ifThere(error: unknown): void {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ENOENT" && code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
}
