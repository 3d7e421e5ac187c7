/**
 * A private Python environment with the tools the local stack runs: MiniStack, py-rattler, conda-pack.
 * @module
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withFileLock } from "./file-lock.ts";
import { LocalError } from "./local-error.ts";

export interface PythonTools {
  /** The environment's interpreter, absolute. */
  readonly python: string;
}

const CANDIDATES = ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python"];
const PROBE =
  "import sys, venv, ensurepip; assert sys.version_info >= (3, 10); print(sys.executable); print(sys.version)";

/**
 * Makes `.local/venv` from `local/requirements.txt`, once; a later call with the same requirements returns at once.
 * @param root the project's folder
 * @param log takes progress lines
 * @throws LocalError one line that says what is missing and what to do
 */
export async function ensurePythonTools(root: string, log: (line: string) => void): Promise<PythonTools> {
  const directory = join(root, ".local", "venv");
  const requirements = join(root, "local", "requirements.txt");
  const python = join(directory, "bin", "python");
  const stamp = join(directory, ".installed");
  const wanted = createHash("sha256").update(readFileSync(requirements)).update(directory).digest("hex");
  const isMade = (): boolean =>
    existsSync(stamp) && readFileSync(stamp, "utf8") === wanted && existsSync(python);
  if (isMade()) return { python };

  return await withFileLock(
    join(root, ".local", "venv.lock"),
    async () => {
      // Somebody else may have made it meanwhile.
      if (!isMade()) await makeEnvironment(directory, requirements, python, log);
      writeFileSync(stamp, wanted);
      return { python };
    },
    () => log("Another process is installing the Python tools …"),
  );
}

async function makeEnvironment(
  directory: string,
  requirements: string,
  python: string,
  log: (line: string) => void,
): Promise<void> {
  const base = await findPython();
  log("Installing the Python tools (MiniStack, py-rattler, conda-pack) into .local/venv …");
  rmSync(directory, { recursive: true, force: true });
  await must(base, ["-m", "venv", directory]);
  await must(python, [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--only-binary",
    ":all:",
    "-r",
    requirements,
  ]);
}

async function findPython(): Promise<string> {
  for (const candidate of CANDIDATES) {
    const { code, stdout } = await run(candidate, ["-c", PROBE]);
    const path = stdout.split("\n")[0];
    if (code === 0 && path) return path;
  }
  throw new LocalError(
    "Python 3.10 or newer with venv was not found: install it (Debian and Ubuntu: python3 python3-venv), then try again.",
  );
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { code, output } = await run(program, args);
  if (code === 0) return;
  if (/No space left on device/.test(output)) {
    throw new LocalError("The disk is full: free about 1 GB, then try again.");
  }
  if (
    /from versions: none|Failed to establish a new connection|Temporary failure in name resolution|ConnectionError|ProxyError|timed out/.test(
      output,
    )
  ) {
    throw new LocalError(
      "The Python package index cannot be reached: check the network or pip's settings, then try again.",
    );
  }
  throw new LocalError(
    `${program} ${args.slice(0, 3).join(" ")} failed: ${output.trim().split("\n").slice(-3).join(" / ")}`,
  );
}

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly output: string;
}

function run(program: string, args: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args], { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let output = "";
    child.stdout.on("data", (data: Buffer) => {
      stdout += data;
      output += data;
    });
    child.stderr.on("data", (data: Buffer) => {
      output += data;
    });
    child.on("error", (error) => resolve({ code: null, stdout, output: error.message }));
    child.on("close", (code) => resolve({ code, stdout, output }));
  });
}
