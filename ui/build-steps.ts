/**
 * Where the time of a build went, and how far it is, read from the lines of its log.
 * @module
 */
import type { LogLine } from "./follow-build.ts";

export interface Step {
  /** Empty for the build's own lines. */
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** The last line of a step that ended well. */
const DONE = /^done in (\d+(?:\.\d+)?) s$/;

/**
 * Steps by when they began. A step that says how long it took lay there, also beside others; any other lasts until the next
 * one writes its first line. Lines of one step that come back later make it longer, they are no further step.
 */
export function stepsOf(lines: readonly Pick<LogLine, "at" | "step" | "text">[]): Step[] {
  const starts = new Map<string, number>();
  const told = new Map<string, { readonly startMs: number; readonly endMs: number }>();
  let last = Number.NEGATIVE_INFINITY;
  for (const { at, step, text } of lines) {
    const time = Date.parse(at);
    if (Number.isNaN(time)) continue;
    if (!starts.has(step)) starts.set(step, Math.max(time, last));
    last = Math.max(last, time);
    const seconds = step === "" ? undefined : DONE.exec(text)?.[1];
    if (seconds === undefined) continue;
    const startMs = Math.min(
      time - Number(seconds) * 1000,
      told.get(step)?.startMs ?? Number.POSITIVE_INFINITY,
    );
    told.set(step, { startMs, endMs: time });
  }
  const steps = [...starts].map(([name, startMs], index, all) => ({
    name,
    ...(told.get(name) ?? { startMs, endMs: Math.max(startMs, all[index + 1]?.[1] ?? last) }),
  }));
  return steps.sort((a, b) => a.startMs - b.startMs);
}

export interface Progress {
  readonly step: string;
  readonly text: string;
  /** 0 to 100. */
  readonly percent: number;
}

/** How far the step is that last said so, e.g. `Downloaded 12 MB of 40 MB (30 %)`; null when it has ended, or none did. */
export function progressOf(lines: readonly Pick<LogLine, "step" | "text">[]): Progress | null {
  const said = lines.findLastIndex(({ text }) => PERCENT.test(text));
  const line = lines[said];
  if (line === undefined) return null;
  const hasEnded = lines.slice(said).some(({ step, text }) => step === line.step && DONE.test(text));
  const percent = Number(PERCENT.exec(line.text)?.[1]);
  return hasEnded ? null : { step: line.step, text: line.text, percent };
}

const PERCENT = /\((\d{1,2}|100) %\)$/;
