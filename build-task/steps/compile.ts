/**
 * compile: byte code for Python packages that ship none, with unchecked hashes and without paths: it is the same on every
 * machine, stays valid whatever happens to times, and a read-only disk needs no writing.
 * @module
 */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "#core/ports.ts";
import { type PrefixPackage, pythonMinor } from "../prefix.ts";
import type { StepContext, Task } from "../task.ts";

const WORKERS = 2;

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
  const home = join(work, "compile");
  await mkdir(home, { recursive: true });
  const command = compileCommand(prefix, packages, home);
  const { code, stdout } = await step.run({ ...command, onLine: () => {} }, step.signal);
  if (code === 0) return;
  // Templates, and files for another python: their packages work all the same, as with conda and mamba.
  const files = [...stdout.matchAll(/^\*\*\* Error compiling '([^']+)'/gm)].map(([, file = ""]) => file);
  step.line(
    `${files.length} files are not valid for python ${minor} and stay without byte code: ${files.slice(0, 5).join(", ")}`,
  );
}

/**
 * The interpreter of the prefix, compiling what lies below `packages`.
 * @param packages relative to the prefix: such a path goes into the byte code, and says the same in every prefix
 */
export function compileCommand(prefix: string, packages: string, home: string): Command {
  return {
    program: join(prefix, "bin", "python"),
    // Neither user settings nor .pth files of the packages are run.
    args: [
      ...["-I", "-S", "-m", "compileall", "-q", "-j", String(WORKERS)],
      ...["--invalidation-mode", "unchecked-hash", packages],
    ],
    cwd: prefix,
    env: { PATH: "/usr/bin:/bin", HOME: home, TMPDIR: home, LANG: "C.UTF-8" },
  };
}
