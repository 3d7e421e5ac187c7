/**
 * What a tree looks like from outside: enough to see that a copy is whole without reading it byte by byte.
 * @module
 */
import type { Stats } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { join } from "node:path";
import { eachOf, listTree } from "./each-file.ts";

/** Kind, size and mode, or a link's target, in words that can be compared; by path below the root. */
export type TreeDescription = Map<string, string>;

/** A network disk answers many questions at once as fast as one. */
const READERS = 64;

/** @returns the tree and the bytes of its files */
export async function describeTree(
  root: string,
  signal: AbortSignal,
): Promise<{ tree: TreeDescription; bytes: number }> {
  const tree: TreeDescription = new Map();
  let bytes = 0;
  await eachOf(await listTree(root, signal), READERS, signal, async ({ path, kind }) => {
    if (kind === "directory") tree.set(path, kind);
    else if (kind === "link") tree.set(path, describeLink(await readlink(join(root, path))));
    else {
      const status = await lstat(join(root, path));
      tree.set(path, describeFile(status));
      bytes += status.size;
    }
  });
  return { tree, bytes };
}

export const describeFile = ({ size, mode }: Pick<Stats, "size" | "mode">): string =>
  `${size} bytes, mode ${mode.toString(8)}`;

export const describeLink = (target: string): string => `link to ${target}`;
