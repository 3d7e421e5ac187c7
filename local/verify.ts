/**
 * Whether what was built works for those who use it: the archive unpacked elsewhere, and the published directory.
 * @module
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import * as v from "valibot";
import { LocalError } from "./local-error.ts";
import { removeTree } from "./run-task/launch.ts";

const Seen = v.object({
  prefix: v.string(),
  path: v.array(v.string()),
  numpy: v.string(),
  version: v.string(),
});

const LOOK = `import json, sys, numpy
print(json.dumps({"prefix": sys.prefix, "path": [p for p in sys.path if p], "numpy": numpy.__file__, "version": numpy.__version__}))`;

/**
 * Unpacks the archive into `directory` and runs its python with an empty environment.
 * @returns what numpy said its version is
 */
export async function verifyArchive(archive: Response, directory: string): Promise<string> {
  removeTree(directory);
  mkdirSync(directory, { recursive: true });
  const tar = spawn("tar", ["-xzf", "-", "-C", directory], { stdio: ["pipe", "ignore", "pipe"] });
  const unpacked = finished(tar);
  if (!archive.body) throw new LocalError("The archive is empty.");
  await pipeline(archive.body, tar.stdin);
  const { code, errors } = await unpacked;
  if (code !== 0) throw new LocalError(`The archive does not unpack: ${errors.trim()}`);
  // conda-unpack is a Python program whose first line finds python on PATH: here there is no PATH.
  await runAlone([join(directory, "bin", "python"), join(directory, "bin", "conda-unpack")]);
  return await verifyPrefix(directory);
}

/**
 * Runs the python of an environment with an empty environment: everything it uses must lie inside.
 * @param prefix as a user names it; may be a link
 */
export async function verifyPrefix(prefix: string): Promise<string> {
  const output = await runAlone([join(prefix, "bin", "python"), "-c", LOOK]);
  const seen = v.parse(Seen, JSON.parse(output));
  const inside = [prefix, realpathSync(prefix)];
  const strays = [seen.prefix, seen.numpy, ...seen.path].filter(
    (path) => !inside.some((directory) => path === directory || path.startsWith(directory + sep)),
  );
  if (strays.length > 0) throw new LocalError(`${prefix} uses what lies outside: ${strays.join(", ")}`);
  return seen.version;
}

/** No file below `directory` may name any of these paths. */
export async function verifyNoMention(directory: string, paths: readonly string[]): Promise<void> {
  const patterns = paths.flatMap((path) => ["-e", path]);
  const grep = spawn("grep", ["-rlaF", ...patterns, realpathSync(directory)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { code, output, errors } = await finished(grep);
  if (code === 1) return;
  if (code !== 0) throw new LocalError(`grep failed: ${errors.trim()}`);
  const files = output.trim().split("\n");
  throw new LocalError(`${files.length} published files name the work directory, e.g. ${files[0]}`);
}

/** The directories of tasks that have ended must be gone. */
export function verifyNoRemains(tasksDirectory: string): void {
  const left = existsSync(tasksDirectory) ? readdirSync(tasksDirectory) : [];
  if (left.length > 0) throw new LocalError(`${join(tasksDirectory, left[0] ?? "")} was left behind.`);
}

async function runAlone(command: readonly string[]): Promise<string> {
  const child = spawn("env", ["-i", ...command], { cwd: "/", stdio: ["ignore", "pipe", "pipe"] });
  const { code, output, errors } = await finished(child);
  if (code !== 0)
    throw new LocalError(`${command.join(" ").slice(0, 200)} failed: ${errors.trim().slice(-500)}`);
  return output;
}

async function finished(
  child: ReturnType<typeof spawn>,
): Promise<{ code: number | null; output: string; errors: string }> {
  let output = "";
  let errors = "";
  child.stdout?.on("data", (data: Buffer) => {
    output += data;
  });
  child.stderr?.on("data", (data: Buffer) => {
    errors += data;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output, errors }));
  });
}
