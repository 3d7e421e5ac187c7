/**
 * How much memory the task has, and whether the kernel took it back from somebody.
 * @module
 */
import { readFileSync } from "node:fs";

const CGROUP = "/sys/fs/cgroup";
const MIB = 1024 * 1024;

/** @returns the limit of this process's cgroup, or null when there is none */
export function memoryLimitMiB(): number | null {
  const limit = process.constrainedMemory();
  // 0 and numbers near 2^64 both stand for "no limit".
  return limit > 0 && limit < Number.MAX_SAFE_INTEGER ? Math.round(limit / MIB) : null;
}

/** Processes that were killed for memory so far; null where nobody counts them. */
export type OomCounter = () => number | null;

/**
 * Finds who counts.
 * @param file a count kept by somebody else than the kernel, in the form of cgroup v2's `memory.events`
 */
export function oomCounter(file: string | undefined): OomCounter {
  const place = (file === undefined ? kernelCounters() : [file]).find((each) => countIn(each) !== null);
  return () => (place === undefined ? null : countIn(place));
}

/** Where the kernel counts: of the group by its own path, as a host shows it, or as the root that a container sees. */
function kernelCounters(): string[] {
  const places: string[] = [];
  for (const line of read("/proc/self/cgroup").split("\n")) {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const own = path === "/" ? "" : path;
    if (controllers.split(",").includes("memory")) {
      places.push(`${CGROUP}/memory${own}/memory.oom_control`, `${CGROUP}/memory/memory.oom_control`);
    } else if (line.startsWith("0::")) {
      places.push(`${CGROUP}${own}/memory.events`, `${CGROUP}/memory.events`);
    }
  }
  return places;
}

function countIn(file: string): number | null {
  const count = /^oom_kill (\d+)$/m.exec(read(file))?.[1];
  return count === undefined ? null : Number(count);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
