/**
 * conda-store's own client from PyPI, in a Python environment of its own.
 * @module
 */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withFileLock } from "#local/file-lock.ts";
import { ensurePythonTools } from "#local/python.ts";
import { runProgram } from "./run-program.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Makes `.local/venv-conda-store` once. @returns the folder of its programs */
export async function ensureCondaStoreClient(): Promise<string> {
  const directory = join(ROOT, ".local", "venv-conda-store");
  const stamp = join(directory, ".installed");
  if (!existsSync(stamp)) {
    const { python } = await ensurePythonTools(ROOT, () => {});
    const install = async () => {
      if (existsSync(stamp)) return;
      rmSync(directory, { recursive: true, force: true });
      await must(python, ["-m", "venv", directory]);
      const requirements = join(ROOT, "test", "clients", "requirements.txt");
      const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements];
      await must(join(directory, "bin", "python"), pip);
      writeFileSync(stamp, "");
    };
    await withFileLock(join(ROOT, ".local", "venv-conda-store.lock"), install, () => {});
  }
  return join(directory, "bin");
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runProgram(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}
