/**
 * Walking a tree with many hands: a network disk answers slowly, but many questions at once.
 * @module
 */
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import pLimit from "p-limit";
import { AppError } from "#core/errors.ts";

export interface TreeEntry {
  /** Below the root; never starts with a slash. */
  readonly path: string;
  readonly kind: "directory" | "file" | "link";
}

/**
 * Every entry below `root`, directories before what they hold. Links are not followed.
 * @throws AppError invalid_specification for anything that is neither directory, file nor link
 */
export async function listTree(root: string, signal: AbortSignal): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  let level = [""];
  const limit = pLimit(32);
  while (level.length > 0) {
    signal.throwIfAborted();
    const read = level.map((directory) =>
      limit(async () => ({
        directory,
        children: await readdir(join(root, directory), { withFileTypes: true }),
      })),
    );
    level = [];
    for (const { directory, children } of await Promise.all(read)) {
      for (const child of children) {
        const path = directory === "" ? child.name : `${directory}/${child.name}`;
        const kind = kindOf(child);
        if (kind === null) throw neither(path);
        entries.push({ path, kind });
        if (kind === "directory") level.push(path);
      }
    }
  }
  return entries;
}

/** Runs `work` for each item, at most `hands` at a time; the first error ends it. */
export async function eachOf<T>(
  items: readonly T[],
  hands: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const hand = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      signal.throwIfAborted();
      await work(items[index] as T);
    }
  };
  const running = Array.from({ length: Math.min(hands, items.length) }, hand);
  const results = await Promise.allSettled(running);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

const neither = (path: string): AppError =>
  new AppError(
    "invalid_specification",
    `${path} is neither a directory, a file nor a link, which no environment may hold: ` +
      "remove the package whose script makes it.",
  );

function kindOf(entry: Dirent): TreeEntry["kind"] | null {
  if (entry.isSymbolicLink()) return "link";
  if (entry.isDirectory()) return "directory";
  return entry.isFile() ? "file" : null;
}
