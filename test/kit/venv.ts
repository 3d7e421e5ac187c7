/**
 * Python environments of tests' own: each holds exactly what its requirements file names.
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withFileLock } from "#local/file-lock.ts";
import { ensurePythonTools } from "#local/python.ts";
import { runProgram } from "./run-program.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/**
 * Makes `.local/venv-{name}`, once for each state of the requirements.
 * @param requirements path from the project's folder
 * @returns the folder of its programs
 */
export async function ensureVenv(name: string, requirements: string): Promise<string> {
  const directory = join(ROOT, ".local", `venv-${name}`);
  const stamp = join(directory, ".installed");
  const file = join(ROOT, requirements);
  const wanted = createHash("sha256").update(readFileSync(file)).digest("hex");
  const isMade = (): boolean => existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;
  if (!isMade()) {
    const { python } = await ensurePythonTools(ROOT, () => {});
    const install = async () => {
      if (isMade()) return;
      rmSync(directory, { recursive: true, force: true });
      await must(python, ["-m", "venv", directory]);
      const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", file];
      await must(join(directory, "bin", "python"), pip);
      writeFileSync(stamp, wanted);
    };
    await withFileLock(`${directory}.lock`, install, () => {});
  }
  return join(directory, "bin");
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runProgram(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}
