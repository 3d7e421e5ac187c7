/**
 * verify: what was published is what was built, read back from where consumers will read it.
 * @module
 */
import { existsSync } from "node:fs";
import { lstat, mkdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { eachOf, listTree } from "#adapters/disk/each-file.ts";
import { headObject } from "#adapters/s3/objects.ts";
import type { Artifact } from "#core/build/status.ts";
import { BuildFailure } from "../failure.ts";
import type { StepContext, Task } from "../task.ts";

const READERS = 64;

/**
 * Compares the listing of the published tree with the built one (sizes, kinds, targets of links), asks S3 for the size
 * of every object, and runs the published python once.
 * @returns bytes of the environment's files
 * @throws Error when something differs: the environment is fine, the shared disk or S3 is not
 */
export async function verify(task: Task, step: StepContext, artifacts: readonly Artifact[]): Promise<number> {
  const { prefix, published, inPlace } = task.paths;
  const [built, read] = await Promise.all([
    describeTree(prefix, step.signal),
    inPlace ? null : describeTree(published, step.signal),
    verifyObjects(task, artifacts),
    runPython(task, step),
  ]);
  if (read !== null) {
    for (const [path, what] of built.entries) {
      // The records of packages lost the paths of the cache on their way.
      if (path.startsWith("conda-meta/") && path.endsWith(".json") && read.entries.has(path)) continue;
      if (read.entries.get(path) !== what)
        throw new Error(`the published ${path} is not the one that was built`);
    }
    if (read.entries.size !== built.entries.size)
      throw new Error("the published tree has more in it than was built");
  }
  step.line(`${built.entries.size} entries and ${artifacts.length} objects read back`);
  return (read ?? built).bytes;
}

async function describeTree(
  root: string,
  signal: AbortSignal,
): Promise<{ entries: Map<string, string>; bytes: number }> {
  const entries = new Map<string, string>();
  let bytes = 0;
  await eachOf(await listTree(root, signal), READERS, signal, async ({ path, kind }) => {
    if (kind === "directory") entries.set(path, kind);
    else if (kind === "link") entries.set(path, `link to ${await readlink(join(root, path))}`);
    else {
      const { size, mode } = await lstat(join(root, path));
      entries.set(path, `${size} bytes, mode ${mode.toString(8)}`);
      bytes += size;
    }
  });
  return { entries, bytes };
}

async function verifyObjects(task: Task, artifacts: readonly Artifact[]): Promise<void> {
  const stored = artifacts.filter(({ type }) => type !== "DIRECTORY");
  await Promise.all(
    stored.map(async ({ key, sizeBytes }) => {
      const head = await headObject(task.bucket, key);
      if (head?.sizeBytes !== sizeBytes) {
        throw new Error(`the object ${key} has ${head?.sizeBytes ?? "no"} bytes instead of ${sizeBytes}`);
      }
    }),
  );
}

/** Nothing of the environment is imported: only whether this python starts where it lies now. */
async function runPython(task: Task, step: StepContext): Promise<void> {
  const python = join(task.paths.published, "bin", "python");
  if (!existsSync(python)) return;
  const home = join(task.paths.work, "verify");
  await mkdir(home, { recursive: true });
  const { code, signal, stderr } = await step.run(
    {
      program: python,
      args: ["-I", "-B", "-c", ""],
      cwd: home,
      env: { HOME: home, PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
    },
    step.signal,
  );
  if (code === 0) return;
  const last = stderr.trim().split("\n").at(-1) ?? "";
  throw new BuildFailure(
    `The environment's python does not start (${code === null ? signal : `exit code ${code}`}): ${last}. ` +
      "Ask for another version of python, or of the packages that hook into its start.",
  );
}
