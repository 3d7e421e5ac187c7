/**
 * Processor time of programs that this process started: steadier than the wall clock where a machine is shared.
 * @module
 */
import { readFileSync } from "node:fs";

/** USER_HZ, which Linux shows to programs on every machine alike. */
const TICKS_PER_SECOND = 100;

/** Seconds of all children that have ended and were waited for, theirs included. */
export function childrenCpuSeconds(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  // The second field is a name in parentheses that may hold anything; cutime and cstime are fields 16 and 17.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}
