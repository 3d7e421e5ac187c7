/**
 * Who dies when memory is short.
 * @module
 */
import { writeFileSync } from "node:fs";

/** The highest there is: before any process that was not marked so, whatever its size. */
const FIRST = "1000";

/**
 * Has the kernel end a child, and what it will start, before its supervisor, who lives to say what happened. A child that
 * has ended already needs no mark.
 */
export function dieFirst(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, FIRST);
  } catch {
    // It has ended, or this machine has no such file: the kernel then takes the largest, most likely a child as well.
  }
}
