/**
 * verify: what was published is what was built.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describeTree } from "#adapters/disk/describe-tree.ts";
import { headObject } from "#adapters/s3/objects.ts";
import type { Artifact } from "#core/build/status.ts";
import { BuildFailure } from "../failure.ts";
import type { StepContext, Task } from "../task.ts";

/**
 * Asks S3 for the size of every object, and runs the environment's python once. The tree was read back before it got its
 * name; where it was not copied, it is measured here.
 * @param copiedBytes bytes of the copy on the shared disk; null when there is none
 * @returns bytes of the environment's files
 * @throws Error when something differs: the environment is fine, the shared disk or S3 is not
 */
export async function verify(
  task: Task,
  step: StepContext,
  artifacts: readonly Artifact[],
  copiedBytes: number | null,
): Promise<number> {
  const [bytes] = await Promise.all([
    copiedBytes ?? describeTree(task.paths.prefix, step.signal).then((built) => built.bytes),
    verifyObjects(task, artifacts),
    runPython(task, step),
  ]);
  step.line(`${artifacts.length} objects asked for, python started`);
  return bytes;
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

/**
 * Nothing of the environment is imported: only whether this python starts. It is the one that was copied: no stranger may enter
 * the shared disk, where others' environments lie.
 */
async function runPython(task: Task, step: StepContext): Promise<void> {
  const python = join(task.paths.prefix, "bin", "python");
  if (!existsSync(python)) return;
  const home = await task.strangers.tester.makeHome(join(task.paths.work, "verify"));
  const { code, signal, stderr } = await step.test(
    {
      program: python,
      args: ["-I", "-B", "-c", ""],
      cwd: home,
      env: { HOME: home, TMPDIR: home, PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
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
