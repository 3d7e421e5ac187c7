/**
 * Where the time of a build went, read from the lines of its log.
 * @module
 */
import type { LogLine } from "./follow-build.ts";

export interface Step {
  /** Empty for the build's own lines. */
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Steps in their order. A step lasts until the next one writes its first line; lines of one step that come back later
 * make it longer, they are no further step.
 */
export function stepsOf(lines: readonly Pick<LogLine, "at" | "step">[]): Step[] {
  const starts = new Map<string, number>();
  let last = Number.NEGATIVE_INFINITY;
  for (const { at, step } of lines) {
    const time = Date.parse(at);
    if (Number.isNaN(time)) continue;
    if (!starts.has(step)) starts.set(step, Math.max(time, last));
    last = Math.max(last, time);
  }
  return [...starts].map(([name, startMs], index, all) => ({
    name,
    startMs,
    endMs: Math.max(startMs, all[index + 1]?.[1] ?? last),
  }));
}
