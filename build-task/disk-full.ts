/**
 * A full disk, explained: which one, and what lies on it.
 * @module
 */
import { readdir, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Weight, weighTree } from "#adapters/disk/weigh.ts";
import { BuildFailure, describeBytes } from "./failure.ts";
import type { Task } from "./task.ts";

/** Looking for what fills the disk may take no longer. */
const WEIGHING_MS_MAX = 10_000;
const LINES_MAX = 10;
/** Of the heaviest: less is not worth a line. */
const WORTH_SHARE = 0.02;

/** Steps that write to the shared disk, and to nothing else. */
const SHARED_STEPS: readonly string[] = ["copy", "publish"];

type Full = Pick<Task, "config" | "paths" | "build">;

/** The first line says what happened and what to do; the others what fills the disk. */
export async function diskFull(task: Full, step: string, cause: unknown): Promise<BuildFailure> {
  const isShared = task.paths.copy !== null && SHARED_STEPS.includes(step);
  const { headline, lines } = isShared ? await sharedDiskFull(task, step) : await ownDiskFull(task, step);
  const shown = lines.slice(0, LINES_MAX).map(lineOf);
  const text = [headline, ...(shown.length > 0 ? ["What fills the disk:", ...shown] : [])].join("\n");
  return new BuildFailure(text, { cause });
}

interface Explained {
  readonly headline: string;
  readonly lines: readonly Weight[];
}

/** Of a disk that all namespaces share, a build's user is told what is this namespace's. */
async function sharedDiskFull({ config, paths, build }: Full, step: string): Promise<Explained> {
  const disk = config.diskDirectory === null ? null : await roomOn(config.diskDirectory);
  const size = disk ? ` (${describeBytes(disk.bytes)})` : "";
  const untilMs = performance.now() + WEIGHING_MS_MAX;
  const needed = weighTree(paths.prefix, untilMs).bytes;
  const home = paths.copy ? dirname(paths.copy.published) : "";
  const names = (await readdir(home).catch((): string[] => [])).filter((name) => !name.startsWith("."));
  const lines = names
    .map((path) => ({ path, bytes: weighTree(join(home, path), untilMs).bytes }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
  const taken = lines.reduce((sum, { bytes }) => sum + bytes, 0);
  const others =
    taken > 0 ? `, where others of the namespace ${build.namespace} have ${describeBytes(taken)}` : "";
  const headline =
    `The shared disk${size} is full, in the step "${step}": this environment needs ${describeBytes(needed)} of it${others}. ` +
    "Delete builds that nobody needs, or ask the operator for a larger disk.";
  return { headline, lines };
}

async function ownDiskFull({ config, paths }: Full, step: string): Promise<Explained> {
  const own = await roomOn(paths.work, config.workDirectory, config.storeDirectory);
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
  return { headline, lines: all };
}

const lineOf = ({ bytes, path }: Weight): string => `  ${describeBytes(bytes).padStart(8)}  ${path}`;

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
