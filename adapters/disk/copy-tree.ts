/**
 * Copying an environment to the shared disk and making it appear there at once.
 * @module
 */
import { constants } from "node:fs";
import {
  chmod,
  copyFile,
  lstat,
  lutimes,
  mkdir,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { describeFile, describeLink, type TreeDescription } from "./describe-tree.ts";
import { eachOf, listTree, type TreeEntry } from "./each-file.ts";

/** Writers at a time: NFS gives one of them about 80 files a second, and 64 of them thousands. */
const WRITERS = 64;

export interface Copied {
  readonly files: number;
  readonly links: number;
  readonly directories: number;
  readonly bytes: number;
  /** What was read of each entry, as `describeTree` says it of the copy; directories' modes are 755. */
  readonly tree: TreeDescription;
}

/**
 * Copies a tree to a place where nothing is yet: times, modes and links kept; hard links become files of their own.
 * Directories are 755, as consumers of the disk expect.
 */
export async function copyTree(from: string, to: string, signal: AbortSignal): Promise<Copied> {
  const entries = await listTree(from, signal);
  const directories = entries.filter(({ kind }) => kind === "directory");
  await mkdir(dirname(to), { recursive: true });
  await mkdir(to);
  for (const level of levelsOf(directories)) {
    await eachOf(level, WRITERS, signal, async ({ path }) => mkdir(join(to, path)));
  }
  const tree: TreeDescription = new Map(directories.map(({ path }) => [path, "directory"]));
  let bytes = 0;
  const others = entries.filter(({ kind }) => kind !== "directory");
  await eachOf(others, WRITERS, signal, async (entry) => {
    const copied = await copyEntry(entry, join(from, entry.path), join(to, entry.path));
    bytes += copied.bytes;
    tree.set(entry.path, copied.what);
  });
  // Last, because every file made inside changed them.
  await eachOf([...directories, { path: "" }], WRITERS, signal, async ({ path }) => {
    const { atime, mtime } = await lstat(join(from, path));
    await chmod(join(to, path), 0o755);
    await utimes(join(to, path), atime, mtime);
  });
  const links = others.filter(({ kind }) => kind === "link").length;
  return { files: others.length - links, links, directories: directories.length, bytes, tree };
}

/** Directories of one depth do not need each other; the listing has them depth by depth. */
function levelsOf(directories: readonly TreeEntry[]): TreeEntry[][] {
  const levels = Map.groupBy(directories, ({ path }) => path.split("/").length);
  return [...levels.values()];
}

async function copyEntry(
  { kind }: TreeEntry,
  from: string,
  to: string,
): Promise<{ bytes: number; what: string }> {
  const status = await lstat(from);
  const { atime, mtime } = status;
  if (kind === "link") {
    const target = await readlink(from);
    await symlink(target, to);
    await lutimes(to, atime, mtime);
    return { bytes: 0, what: describeLink(target) };
  }
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  await utimes(to, atime, mtime);
  return { bytes: status.size, what: describeFile(status) };
}

/** Removes a link, and nothing but a link. */
export async function removeLink(link: string): Promise<void> {
  await rm(nextOf(link), { force: true });
  const status = await lstat(link).catch(() => null);
  if (status?.isSymbolicLink()) await rm(link, { force: true });
}

/**
 * Points a link at a target atomically: readers see the old one or the new one. What a killed call left behind, the next one
 * for the same link takes away. Of several at once, one may put another's in place: that one finds its own gone, and puts it
 * there again, so each must look afterwards whether its target is still the wanted one.
 * @param target absolute path as consumers of the disk see it
 */
export async function pointLink(link: string, target: string): Promise<void> {
  const next = nextOf(link);
  await rm(next, { force: true });
  if ((await readlink(link).catch(() => null)) === target) return;
  await mkdir(dirname(link), { recursive: true });
  for (let tries = 1; ; tries += 1) {
    try {
      await symlink(target, next);
      return await rename(next, link);
    } catch (error) {
      if (tries === TRIES_MAX || !DISTURBED.has((error as NodeJS.ErrnoException).code)) throw error;
      await rm(next, { force: true });
    }
  }
}

/** By another call for the same link. */
const DISTURBED: ReadonlySet<string | undefined> = new Set(["EEXIST", "ENOENT"]);
const TRIES_MAX = 100;

/** The link that takes the other's place: no name of an environment has a colon. */
const nextOf = (link: string): string => `${link}:next`;
