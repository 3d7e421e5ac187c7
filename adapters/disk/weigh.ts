/**
 * What takes the room on a disk: the directories and files that hold most, for somebody who has to make room.
 * @module
 */
import { lstatSync, readdirSync, type Stats } from "node:fs";
import { join } from "node:path";

export interface Weight {
  /** Below the root, which is empty. */
  readonly path: string;
  readonly bytes: number;
}

/** Names deeper than this tell nobody anything; what lies there counts for what is above. */
const DEPTH_MAX = 6;
/** A directory of which one part is nearly all says less than that part does. */
const NEARLY_ALL = 0.9;
/** Less than this share of the whole is not worth a line. */
const WORTH_SHARE = 0.05;

export interface Weighed {
  readonly bytes: number;
  /** What weighs most, heaviest first; a directory may be followed by some of its own. */
  readonly heaviest: readonly Weight[];
}

/**
 * Weighs a tree by the blocks that it has on the disk; a file with several names counts once. It blocks: for when nothing else
 * can go on anyway.
 * @param untilMs by `performance.now()`; what was not seen by then is left out
 * @param seen files with several names that were counted before, by other trees too
 */
export function weighTree(root: string, untilMs: number, seen: Set<string> = new Set()): Weighed {
  const weights: (Weight & { readonly parts: readonly number[] })[] = [];
  const weigh = (path: string, depth: number): number => {
    const stats = statOrNull(join(root, path));
    if (!stats || performance.now() > untilMs) return 0;
    let bytes = stats.blocks * 512;
    if (!stats.isDirectory()) {
      if (stats.nlink > 1) {
        const inode = `${stats.dev}:${stats.ino}`;
        if (seen.has(inode)) return 0;
        seen.add(inode);
      }
      if (depth <= DEPTH_MAX) weights.push({ path, bytes, parts: [] });
      return bytes;
    }
    const parts = namesIn(join(root, path)).map((name) =>
      weigh(path === "" ? name : `${path}/${name}`, depth + 1),
    );
    for (const part of parts) bytes += part;
    if (depth <= DEPTH_MAX) weights.push({ path, bytes, parts: depth < DEPTH_MAX ? parts : [] });
    return bytes;
  };
  const bytes = weigh("", 0);
  const heaviest = weights
    .filter((each) => each.path !== "" && each.bytes > 0 && each.bytes >= bytes * WORTH_SHARE)
    .filter((each) => each.parts.every((part) => part < each.bytes * NEARLY_ALL))
    .map(({ path, bytes }) => ({ path, bytes }))
    .sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1));
  return { bytes, heaviest };
}

/** Null for what has gone in between. */
function statOrNull(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
