/**
 * compile: byte code for Python packages that ship none, with unchecked hashes and without paths: it is the same on every
 * machine, stays valid whatever happens to times, and a read-only disk needs no writing.
 * @module
 */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type PrefixPackage, pythonMinor } from "../prefix.ts";
import type { StepContext, Task } from "../task.ts";

/** Beside this file in the source, beside the program in the bundle. */
const COMPILE = fileURLToPath(new URL("./compile.py", import.meta.url));
const WORKERS_MIN = 2;
/** compile.py's exit code when not even a wrong file is to blame. */
const WORKER_DIED = 2;

/** Below site-packages; byte code that a package ships and that is valid is kept. */
export async function compile(
  task: Task,
  step: StepContext,
  installed: readonly PrefixPackage[],
): Promise<void> {
  const { prefix, work } = task.paths;
  const minor = pythonMinor(installed);
  const packages = join("lib", `python${minor}`, "site-packages");
  if (minor === null || !existsSync(join(prefix, packages))) {
    step.line("no python, nothing to compile");
    return;
  }
  const [major = 0, second = 0] = minor.split(".").map(Number);
  if (major < 3 || second < 7) {
    step.line(`python ${minor} knows no unchecked byte code: left to be made when it is used`);
    return;
  }
  const home = await task.strangers.builder.makeHome(join(work, "compile"));
  const { code, stdout, stderr } = await step.run(
    {
      program: join(prefix, "bin", "python"),
      // Neither user settings nor .pth files of the packages are run. The path is relative: it goes into the byte code,
      // and says the same in every prefix.
      args: ["-I", "-S", "-B", COMPILE, packages, String(Math.max(WORKERS_MIN, availableParallelism()))],
      cwd: prefix,
      env: { PATH: "/usr/bin:/bin", HOME: home, TMPDIR: home, LANG: "C.UTF-8" },
      onLine: () => {},
    },
    step.signal,
  );
  if (code === 0) return;
  if (code === WORKER_DIED) throw new Error(`byte code was not made: ${stderr.trim().split("\n").at(-1)}`);
  // Templates, and files for another python: their packages work all the same, as with conda and mamba.
  const files = [...stdout.matchAll(/^\*\*\* Error compiling '([^']+)'/gm)].map(([, file = ""]) => file);
  step.line(
    `${files.length} files are not valid for python ${minor} and stay without byte code: ${files.slice(0, 5).join(", ")}`,
  );
}
