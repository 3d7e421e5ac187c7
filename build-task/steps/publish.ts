/**
 * publish: the environment appears on the shared disk, whole.
 * @module
 */
import { rename, rm } from "node:fs/promises";
import { forgetPackageCache } from "#adapters/conda/conda-meta.ts";
import { copyTree } from "#adapters/disk/copy-tree.ts";
import { describeTree } from "#adapters/disk/describe-tree.ts";
import { describeBytes } from "../failure.ts";
import type { Copy, StepContext, Task } from "../task.ts";

/**
 * Copies the tree under a name where nobody looks for it, and reads back from the disk what
 * has arrived: kinds, sizes, modes, targets of links.
 * @returns bytes of the copy's files
 * @throws Error when something differs: the environment is fine, the shared disk is not
 */
export async function copyToDisk(
  prefix: string,
  { publishing, left }: Pick<Copy, "publishing" | "left">,
  step: StepContext,
): Promise<number> {
  for (const copy of left) await rm(copy, { recursive: true, force: true });
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

/** Gives the copy its name. Only after this anybody can see it. */
export async function publish(task: Task, step: StepContext): Promise<void> {
  const { copy, prefix } = task.paths;
  if (copy === null) await forgetPackageCache(prefix);
  else await rename(copy.publishing, copy.published);
  step.line(`published as ${prefix}`);
}
