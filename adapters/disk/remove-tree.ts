/**
 * Removing a tree with many hands: a network disk removes one file after the other as slowly as it makes them.
 * @module
 */
import { readdir, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import pLimit from "p-limit";

const HANDS = 64;

/**
 * Removes a directory with all that is in it, of whatever kind; links are not followed. What is not there is removed.
 * @returns how many entries were removed
 */
export async function removeTree(root: string): Promise<number> {
  const limit = pLimit(HANDS);
  let removed = 0;
  const without = async (work: () => Promise<void>): Promise<void> => {
    try {
      await limit(work);
      removed += 1;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  };
  const empty = async (directory: string): Promise<void> => {
    const entries = await limit(() => readdir(directory, { withFileTypes: true })).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return [];
    });
    await Promise.all(
      entries.map((entry) => {
        const path = join(directory, entry.name);
        return entry.isDirectory() ? empty(path) : without(() => unlink(path));
      }),
    );
    await without(() => rmdir(directory));
  };
  await empty(root);
  return removed;
}
