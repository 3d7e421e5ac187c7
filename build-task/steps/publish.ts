/**
 * publish: the environment appears on the shared disk, whole.
 * @module
 */
import { rm } from "node:fs/promises";
import { forgetPackageCache } from "#adapters/conda/conda-meta.ts";
import { type Copied, copyTree, putInPlace } from "#adapters/disk/copy-tree.ts";
import { describeBytes } from "../failure.ts";
import type { StepContext, Task } from "../task.ts";

/** Copies the tree under a name that carries the attempt; nobody looks for it there. */
export async function copyToDisk(task: Task, step: StepContext): Promise<Copied> {
  const { prefix, publishing } = task.paths;
  await rm(publishing, { recursive: true, force: true });
  const copied = await copyTree(prefix, publishing, step.signal);
  await forgetPackageCache(publishing);
  step.line(`${copied.files} files and ${copied.links} links copied, ${describeBytes(copied.bytes)}`);
  return copied;
}

/** Gives the copy its name. Only after this anybody can see it. */
export async function publish(task: Task, step: StepContext): Promise<void> {
  const { publishing, published, prefix, inPlace } = task.paths;
  if (inPlace) await forgetPackageCache(prefix);
  else await putInPlace(publishing, published);
  step.line(`published as ${prefix}`);
}
