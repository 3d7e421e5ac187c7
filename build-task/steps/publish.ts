/**
 * publish: the environment appears on the shared disk, whole.
 * @module
 */
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { forgetPackageCache } from "#adapters/conda/conda-meta.ts";
import { type Copied, copyTree, putInPlace } from "#adapters/disk/copy-tree.ts";
import { describeBytes } from "../failure.ts";
import type { StepContext, Task } from "../task.ts";

/** Copies the tree under a name that carries the attempt; nobody looks for it there. */
export async function copyToDisk(task: Task, step: StepContext): Promise<Copied> {
  const { prefix, publishing } = task.paths;
  await removeEarlierCopies(publishing);
  const copied = await copyTree(prefix, publishing, step.signal);
  await forgetPackageCache(publishing);
  step.line(`${copied.files} files and ${copied.links} links copied, ${describeBytes(copied.bytes)}`);
  return copied;
}

/** What attempts that died left behind: their copies differ by their number only. */
async function removeEarlierCopies(publishing: string): Promise<void> {
  const directory = dirname(publishing);
  const start = basename(publishing).replace(/\d+$/, "");
  const names = await readdir(directory).catch((): string[] => []);
  const left = names.filter((name) => name.startsWith(start) && /^\d+$/.test(name.slice(start.length)));
  for (const name of left) await rm(join(directory, name), { recursive: true, force: true });
}

/** Gives the copy its name. Only after this anybody can see it. */
export async function publish(task: Task, step: StepContext): Promise<void> {
  const { publishing, published, prefix, inPlace } = task.paths;
  if (inPlace) await forgetPackageCache(prefix);
  else await putInPlace(publishing, published);
  step.line(`published as ${prefix}`);
}
