/**
 * Processor time of other programs: steadier than the wall clock where a machine is shared.
 * @module
 */
import { readFileSync } from "node:fs";

/** USER_HZ, which Linux shows to programs on every machine alike. */
const TICKS_PER_SECOND = 100;

/** Of one process, itself alone. */
export function processCpuMs(pid: number): number {
  // utime and stime are fields 14 and 15.
  const fields = fieldsOf(`/proc/${pid}/stat`);
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000;
}

/** Seconds of all children that have ended and were waited for, theirs included. */
export function childrenCpuSeconds(): number {
  // cutime and cstime are fields 16 and 17.
  const fields = fieldsOf("/proc/self/stat");
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}

/** From the third on: the second is a name in parentheses that may hold anything. */
function fieldsOf(path: string): string[] {
  const stat = readFileSync(path, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
