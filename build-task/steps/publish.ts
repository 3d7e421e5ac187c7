/**
 * publish: the environment appears on the shared disk, whole.
 * @module
 */
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { forgetPackageCache } from "#adapters/conda/conda-meta.ts";
import { copyTree, putInPlace } from "#adapters/disk/copy-tree.ts";
import { describeTree } from "#adapters/disk/describe-tree.ts";
import { describeBytes } from "../failure.ts";
import type { StepContext, Task } from "../task.ts";

/**
 * Copies the tree under a name that carries the attempt, where nobody looks for it, and reads back from the disk what
 * has arrived: kinds, sizes, modes, targets of links.
 * @returns bytes of the copy's files
 * @throws Error when something differs: the environment is fine, the shared disk is not
 */
export async function copyToDisk(
  prefix: string,
  { publishing }: { readonly publishing: string },
  step: StepContext,
): Promise<number> {
  await removeEarlierCopies(publishing);
  const startedAt = performance.now();
  const copied = await copyTree(prefix, publishing, step.signal);
  const perSecond = (copied.files / (performance.now() - startedAt)) * 1000;
  step.line(
    `${copied.files} files and ${copied.links} links copied, ${describeBytes(copied.bytes)}, ` +
      `${Math.round(perSecond)} files a second`,
  );
  await forgetPackageCache(publishing);
  const read = await describeTree(publishing, step.signal);
  for (const [path, what] of copied.tree) {
    // The records of packages lost the paths of the cache on their way.
    if (path.startsWith("conda-meta/") && path.endsWith(".json") && read.tree.has(path)) continue;
    if (read.tree.get(path) !== what) throw new Error(`the copied ${path} is not the one that was built`);
  }
  if (read.tree.size !== copied.tree.size) throw new Error("the copied tree has more in it than was built");
  step.line(`${read.tree.size} entries read back`);
  return read.bytes;
}

/**
 * What attempts that died left behind: their copies differ by their number only. Later attempts' are theirs: a task that stood
 * still may be here although it was given up.
 */
async function removeEarlierCopies(publishing: string): Promise<void> {
  const directory = dirname(publishing);
  const [, start = "", own] = /^(.*\.)(\d+)$/.exec(basename(publishing)) ?? [];
  const names = await readdir(directory).catch((): string[] => []);
  const left = names.filter((name) => {
    const [, attempt] = name.startsWith(start) ? (COPY_END.exec(name.slice(start.length)) ?? []) : [];
    return attempt !== undefined && Number(attempt) <= Number(own);
  });
  for (const name of left) await rm(join(directory, name), { recursive: true, force: true });
}

/** `.replaced`: what a copy took the place of, by an attempt that died at that. */
const COPY_END = /^(\d+)(?:\.replaced)?$/;

/** Gives the copy its name. Only after this anybody can see it. */
export async function publish(task: Task, step: StepContext): Promise<void> {
  const { copy, prefix } = task.paths;
  if (copy === null) await forgetPackageCache(prefix);
  else await putInPlace(copy.publishing, copy.published);
  step.line(`published as ${prefix}`);
}
