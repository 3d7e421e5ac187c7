/**
 * The log of a build that has not ended: by lines with a cursor, waiting for more.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import type * as v from "valibot";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { readLog } from "#adapters/s3/logs.ts";
import type { Build } from "#core/build/build.ts";
import { type LogLine, renderLogText } from "#core/build/log-line.ts";
import { isFinal, stateOf } from "#core/build/state-machine.ts";
import type { LogLines } from "#core/contract/build-shapes.ts";
import type { Services } from "../services.ts";

/** Between two looks: soon at first, since most questions come when lines do; with the second that a line is held less than two. */
const PAUSES_MS = [300, 500, 700] as const;

/**
 * The lines behind a cursor; with none there, waits for the next.
 * @param after `attempt.chunk`, or empty for the beginning.
 * @param waitSeconds at most this long.
 */
export async function followLog(
  { db, bucket }: Services,
  known: Build,
  after: string,
  waitSeconds: number,
): Promise<v.InferOutput<typeof LogLines>> {
  const untilMs = performance.now() + waitSeconds * 1000;
  let build = known;
  for (let look = 0; ; look++) {
    // Looked at before the lines: what a build writes, it writes before it ends.
    const final = isFinal(stateOf(build));
    const { lines, cursor } = await nextLines({ bucket }, build, after);
    const leftMs = untilMs - performance.now();
    if (lines.length > 0 || final || leftMs <= 0) {
      return { lines: [...lines], cursor, ended: final && lines.length === 0 };
    }
    await pause(Math.min(leftMs, PAUSES_MS[Math.min(look, PAUSES_MS.length - 1)] ?? 700));
    build = (await getBuild(db, build.id)) ?? build;
  }
}

/** The log so far, a few megabytes at most; what the build waits for, if it has not written yet. */
export async function readWholeLog({ bucket }: Pick<Services, "bucket">, build: Build): Promise<string> {
  const texts: string[] = [];
  for (let after = "", sizeBytes = 0; sizeBytes < TEXT_BYTES_MAX; ) {
    const { lines, cursor } = await nextLines({ bucket }, build, after);
    if (lines.length === 0) break;
    const text = renderLogText(lines);
    texts.push(text);
    // As it travels: Lambda sends it as a JSON string, in which quotes and line ends are two bytes.
    sizeBytes += Buffer.byteLength(JSON.stringify(text));
    after = cursor;
  }
  return texts.length > 0 ? texts.join("") : `${build.statusInfo ?? "There is no log yet."}\n`;
}

/** What is read beyond it, a page of about a megabyte, stays below the 6 MB that Lambda hands over. */
const TEXT_BYTES_MAX = 3 * 1024 * 1024;

/** Goes through the attempts in their order; the cursor stays at the end of the last one, where lines will come. */
async function nextLines(
  { bucket }: Pick<Services, "bucket">,
  { id, lastAttempt }: Build,
  after: string,
): Promise<{ lines: readonly LogLine[]; cursor: string }> {
  const [first = 1, second = 0] = after === "" ? [] : after.split(".").map(Number);
  let [attempt, chunk] = [Math.max(1, first), second];
  for (;;) {
    const { lines, next } = await readLog(bucket, id, attempt, chunk);
    if (lines.length > 0) return { lines, cursor: `${attempt}.${next}` };
    if (next > chunk) chunk = next;
    else if (attempt < lastAttempt) [attempt, chunk] = [attempt + 1, 0];
    else return { lines, cursor: `${attempt}.${chunk}` };
  }
}
