/**
 * One line of a build's log, as stored in live chunks and as joined at the end.
 * @module
 */
import * as v from "valibot";
import { redact } from "#core/redact.ts";

const LogLine = v.object({
  /** When the line was read, as an ISO 8601 time in UTC. */
  at: v.string(),
  /** The step that wrote it; empty for the build's own lines. */
  step: v.string(),
  stream: v.picklist(["stdout", "stderr"]),
  text: v.string(),
});
export type LogLine = Readonly<v.InferOutput<typeof LogLine>>;

/** Terminal sequences: colours and cursor moves; and titles, up to their end. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to take out
const SEQUENCES = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?/g;

/**
 * A program's line as it may be shown anywhere: without what a terminal would obey, without secrets, cut.
 * Secrets are looked for before the line is cut: half of one would not be known for what it is.
 */
export function cleanLine(text: string): string {
  const plain = text
    .replace(SEQUENCES, "")
    .replace(/[\p{Cc}\u2028\u2029]/gu, (at) => (at === "\t" ? at : ""));
  return redact(plain).slice(0, LINE_LENGTH_MAX).trimEnd();
}

/** Longer lines are cut: a progress bar without line ends must not become one line of megabytes. */
export const LINE_LENGTH_MAX = 4_000;
/** Bytes of one attempt's log; what comes after is dropped, and the log says so. */
export const LOG_BYTES_MAX = 16 * 1024 * 1024;

/** @returns JSON lines, each ended by a line feed */
export function renderLogChunk(lines: readonly LogLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** Lines that are not ours (a chunk cut by a crash) are left out. */
export function parseLogChunk(text: string): LogLine[] {
  return text.split("\n").flatMap((json) => {
    try {
      const result = v.safeParse(LogLine, JSON.parse(json));
      return result.success ? [result.output] : [];
    } catch {
      return [];
    }
  });
}

/** As conda-store writes its logs: the step in front of each line, nothing before the build's own. */
export function renderLogText(lines: readonly LogLine[]): string {
  return lines.map(({ step, text }) => (step === "" ? `${text}\n` : `${step}: ${text}\n`)).join("");
}

/** conda-store's first line: `starting build of conda environment 2026-11-21 08:12:57.369519 UTC`. */
export function firstLine(at: Date): string {
  return `starting build of conda environment ${at.toISOString().replace("T", " ").replace("Z", "000")} UTC`;
}
