/**
 * A directory that somebody else writes files into while it is read: nothing in it is believed to be what it was a moment ago, and
 * no link is followed.
 * @module
 */
import type { BigIntStats } from "node:fs";
import { constants } from "node:fs";
import { lstat, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import pLimit from "p-limit";

/** A link could lead anywhere; a pipe, opened to wait for its writer, would keep us for ever. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
/** Calls at a time: each is a way to the file server and back. */
const HANDS = 16;
/** Below the root; who nests more has a loop of mounts. */
const DEPTH_MAX = 20;

export interface TreeFile {
  /** Below the root. */
  readonly path: string;
  /** Another one as soon as anything about the file is another. */
  readonly mark: string;
  readonly sizeBytes: number;
  readonly changedAt: Date;
  /** Whether others than its owner may write it. */
  readonly isOpen: boolean;
}

export interface Tree {
  /** In the order of their paths. */
  readonly files: readonly TreeFile[];
  /** Directories that others than their owner may write: they are not entered. */
  readonly open: readonly string[];
  /** false: there is more than is listed. */
  readonly isWhole: boolean;
}

const markOf = ({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [ino, size, mtimeNs, ctimeNs].join("-");
/** By group or by anybody. */
const isOpen = ({ mode }: BigIntStats): boolean => (Number(mode) & 0o022) !== 0;

/**
 * Lists the regular files that are wanted. Hidden directories are not entered.
 * @param isWanted by the path below the root
 * @param most files; of more the rest is left out
 */
export async function listTree(
  root: string,
  isWanted: (path: string) => boolean,
  most: number,
): Promise<Tree> {
  const limit = pLimit(HANDS);
  const status = (path: string): Promise<BigIntStats | null> =>
    limit(() => lstat(join(root, path), { bigint: true }).catch(() => null));
  const open: string[] = [];
  const paths: string[] = [];
  let isWhole = true;
  const enter = async (directory: string, depth: number): Promise<void> => {
    const found = await status(directory);
    const names =
      found?.isDirectory() && !isOpen(found) && depth <= DEPTH_MAX && paths.length <= most
        ? await limit(() => readdir(join(root, directory), { withFileTypes: true })).catch(() => null)
        : null;
    if (found?.isDirectory() && isOpen(found)) open.push(directory);
    if (names === null) {
      isWhole = false;
      return;
    }
    const path = (name: string): string => (directory === "" ? name : `${directory}/${name}`);
    paths.push(
      ...names.flatMap((each) => (each.isFile() && isWanted(path(each.name)) ? [path(each.name)] : [])),
    );
    const inner = names.filter((each) => each.isDirectory() && !each.name.startsWith("."));
    await Promise.all(inner.map(({ name }) => enter(path(name), depth + 1)));
  };
  await enter("", 0);
  if (paths.length > most) isWhole = false;
  const files = await Promise.all(
    paths
      .sort()
      .slice(0, most)
      .map(async (path) => {
        const found = await status(path);
        return found?.isFile() ? [describe(path, found)] : [];
      }),
  );
  return { files: files.flat(), open, isWhole };
}

const describe = (path: string, found: BigIntStats): TreeFile => ({
  path,
  mark: markOf(found),
  sizeBytes: Number(found.size),
  changedAt: new Date(Number(found.mtimeMs)),
  isOpen: isOpen(found),
});

/** @returns null when it is not, or does not stay, the file that was listed */
export async function readTreeFile(
  root: string,
  { path, mark, sizeBytes }: Pick<TreeFile, "path" | "mark" | "sizeBytes">,
): Promise<Buffer | null> {
  const file = await open(join(root, path), READ).catch(() => null);
  if (file === null) return null;
  try {
    const bytes = Buffer.alloc(sizeBytes);
    const before = await file.stat({ bigint: true });
    if (!before.isFile() || markOf(before) !== mark) return null;
    const { bytesRead } = await file.read(bytes, 0, sizeBytes, 0);
    const after = await file.stat({ bigint: true });
    return bytesRead === sizeBytes && markOf(after) === mark ? bytes : null;
  } finally {
    await file.close();
  }
}

/** Puts a text in place of the file, so that nobody reads half of it. */
export async function writeTreeFile(root: string, path: string, text: string): Promise<void> {
  const target = join(root, path);
  const made = join(dirname(target), `.${basename(target)}.new`);
  const file = await open(made, WRITE, 0o644);
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
  await rename(made, target);
}

export const removeTreeFile = (root: string, path: string): Promise<void> =>
  rm(join(root, path), { force: true });
