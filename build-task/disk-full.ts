/**
 * A full disk, explained: which one, and what lies on it.
 * @module
 */
import { statfs } from "node:fs/promises";
import { type Weight, weighTree } from "#adapters/disk/weigh.ts";
import { BuildFailure, describeBytes } from "./failure.ts";
import type { Task } from "./task.ts";

/** Looking for what fills the disk may take no longer. */
const WEIGHING_MS_MAX = 10_000;
const LINES_MAX = 10;
/** Of the heaviest: less is not worth a line. */
const WORTH_SHARE = 0.02;

/** The first line says what happened and what to do; the others what fills the disk. */
export async function diskFull(
  { config, paths }: Pick<Task, "config" | "paths">,
  step: string,
  cause: unknown,
): Promise<BuildFailure> {
  const own = await roomOn(paths.work, config.workDirectory, config.storeDirectory);
  const shared = paths.copy && config.diskDirectory ? await roomOn(config.diskDirectory) : null;
  if (shared && own && shared.free < own.free) {
    const message =
      `The shared disk (${describeBytes(shared.bytes)}) is full, in the step "${step}": ` +
      "delete environments that nobody needs, or ask the operator for a larger disk.";
    return new BuildFailure(message, { cause });
  }
  const untilMs = performance.now() + WEIGHING_MS_MAX;
  const seen = new Set<string>();
  // Packages first: where the environment has the same files, they are the packages'.
  const weighed = [
    ["packages", paths.packageCache],
    ["environment", paths.prefix],
    ["other files", paths.work],
  ].map(([name = "", directory = ""]) => {
    const { bytes, heaviest } = weighTree(directory, untilMs, seen);
    // The cache lies among the task's other files.
    return name === "other files"
      ? heaviest.filter(({ path }) => !/^packages(?:\/|$)/.test(path)).map(named(name))
      : [...(bytes > 0 ? [{ path: name, bytes }] : []), ...heaviest.map(named(name))];
  });
  const parts = weighed.flat().sort((a, b) => b.bytes - a.bytes);
  const all = parts.filter(({ bytes }) => bytes >= (parts[0]?.bytes ?? 0) * WORTH_SHARE);
  const [biggest] = all.filter(({ path }) => path.includes("/"));
  const size = own ? ` (${describeBytes(own.bytes)})` : "";
  const headline =
    `The disk of the build task${size} is full, in the step "${step}": make the environment smaller, or ask the ` +
    "operator for a larger disk (taskDiskGiB)." +
    (biggest ? ` The biggest on it: ${biggest.path}, ${describeBytes(biggest.bytes)}.` : "");
  const lines = all
    .slice(0, LINES_MAX)
    .map(({ path, bytes }) => `  ${describeBytes(bytes).padStart(8)}  ${path}`);
  return new BuildFailure(
    [headline, ...(lines.length > 0 ? ["What fills the disk:", ...lines] : [])].join("\n"),
    {
      cause,
    },
  );
}

const named =
  (name: string) =>
  ({ path, bytes }: Weight): Weight => ({ path: `${name}/${path}`, bytes });

/** Of the first directory that is there. */
async function roomOn(...directories: readonly string[]): Promise<{ bytes: number; free: number } | null> {
  for (const directory of directories) {
    const found = await statfs(directory).catch(() => null);
    if (found) return { bytes: found.blocks * found.bsize, free: found.bavail * found.bsize };
  }
  return null;
}
