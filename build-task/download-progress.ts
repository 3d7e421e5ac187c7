/**
 * How far the downloads are, in lines that are worth reading: every engine's packages come through the mirror, which counts.
 * @module
 */
import { describeBytes } from "./failure.ts";

/** A line tells of a twentieth of the whole, or that it goes on at all. */
const SHARE = 1 / 20;
const SILENT_MS_MAX = 30_000;
const LOOK_MS = 2_000;

/** @returns what is to be said of so many bytes at this time; null when nothing is */
export function progressLines(
  totalBytes: number,
  startMs: number,
): (bytes: number, nowMs: number) => string | null {
  let [saidBytes, saidMs] = [0, startMs];
  return (bytes, nowMs) => {
    // What is fetched again after a broken connection is no more than there is.
    const now = Math.min(bytes, totalBytes);
    const grown = now - saidBytes;
    if (grown <= 0 || (grown < totalBytes * SHARE && nowMs - saidMs < SILENT_MS_MAX)) return null;
    [saidBytes, saidMs] = [now, nowMs];
    const percent = Math.floor((100 * now) / totalBytes);
    return `Downloaded ${describeBytes(now)} of ${describeBytes(totalBytes)} (${percent} %)`;
  };
}

/** Says from time to time how far the work is. @param count bytes that have arrived */
export async function withProgress<T>(
  totalBytes: number,
  count: () => number,
  line: (text: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const next = progressLines(totalBytes, performance.now());
  const timer = setInterval(() => {
    const text = next(count(), performance.now());
    if (text !== null) line(text);
  }, LOOK_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
