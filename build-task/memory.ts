/**
 * How much memory the task has, and whether the kernel took it back from somebody.
 * @module
 */
import { readFile } from "node:fs/promises";

const CGROUP = "/sys/fs/cgroup";

/** @returns the task's limit in bytes, or null when there is none */
export function memoryLimitBytes(): number | null {
  const limit = process.constrainedMemory();
  // 0 and numbers near 2^64 both stand for "no limit".
  return limit > 0 && limit < Number.MAX_SAFE_INTEGER ? limit : null;
}

/** Processes of this cgroup that the kernel killed for memory; 0 where that cannot be known. */
export async function oomKills(): Promise<number> {
  const events = await readFile(`${CGROUP}/memory.events`, "utf8").catch(() => "");
  return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0);
}
