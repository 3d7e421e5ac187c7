/**
 * The build's log: lines in, redacted chunks out to S3 while the build runs.
 * @module
 */
import type { Bucket } from "#adapters/s3/bucket.ts";
import { joinLog, writeLog, writeLogChunk } from "#adapters/s3/logs.ts";
import { cleanLine, LOG_BYTES_MAX, type LogLine, renderLogText } from "#core/build/log-line.ts";
import type { Artifact } from "#core/build/status.ts";
import type { Stream } from "#core/ports.ts";

const FLUSH_MS_MIN = 1_000;
const FLUSH_SHARE = 0.02;

/**
 * How long a line waits for its chunk: a second, so that who follows the build sees it soon; while lines come without a pause,
 * until a fiftieth of the time so far has passed since the chunk before, so that a long build has few hundred chunks.
 * @param elapsedMs since the log began
 * @param sinceMs since the last chunk was begun
 */
export function flushDelayMs(elapsedMs: number, sinceMs: number): number {
  return Math.max(FLUSH_MS_MIN, elapsedMs * FLUSH_SHARE - sinceMs);
}

/** A chunk is answered whole, and an answer has at most 6 MB: a burst of lines becomes several. */
const CHUNK_BYTES_MAX = 512 * 1024;

/** What even an empty line costs in memory and in its chunk. */
const LINE_WEIGHT = 100;

export interface LogWriter {
  line(step: string, text: string, stream?: Stream): void;
  /** Bytes written so far; what was dropped is not among them. */
  readonly bytes: number;
  /** Stores what is still held. */
  flush(): Promise<void>;
  /** Stores what is still held, joins everything to one text and takes no more lines. */
  finish(): Promise<Artifact>;
}

/** Starts the log of one attempt. */
export function openLog(bucket: Bucket, buildId: number, attempt: number): LogWriter {
  const startedMs = performance.now();
  let flushedMs = startedMs;
  let held: LogLine[] = [];
  let chunk = 0;
  let bytes = 0;
  let count = 0;
  let full = false;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  /** Everything so far, as the joined text has it; bounded as the log is. */
  const texts: string[] = [];

  const flush = (): Promise<void> => {
    timer = undefined;
    flushedMs = performance.now();
    writing = writing.then(async () => {
      const all = held;
      held = [];
      for (let at = 0; at < all.length; ) {
        const lines = chunkFrom(all, at);
        try {
          await writeLogChunk(bucket, buildId, attempt, chunk, lines);
        } catch {
          // S3 was asked several times already: the lines are kept and go with the next chunk.
          held = [...all.slice(at), ...held];
          return;
        }
        chunk += 1;
        at += lines.length;
      }
    });
    return writing;
  };
  const hold = (line: LogLine): void => {
    held.push(line);
    const nowMs = performance.now();
    timer ??= setTimeout(() => void flush(), flushDelayMs(nowMs - startedMs, nowMs - flushedMs));
  };

  return {
    line(step, text, stream = "stdout") {
      // The build's own lines are few, and the last of them says how it ended.
      const own = step === "";
      if (full && !own) return;
      const clean = cleanLine(text);
      bytes += Buffer.byteLength(clean) + step.length + 3;
      count += 1;
      if (!own) full = bytes + count * LINE_WEIGHT > LOG_BYTES_MAX;
      const at = new Date().toISOString();
      const isLast = full && !own;
      const kept = { at, step, stream, text: isLast ? "The log is full: what follows is not kept." : clean };
      texts.push(renderLogText([kept]));
      hold(kept);
    },
    get bytes() {
      return bytes;
    },
    flush() {
      clearTimeout(timer);
      return flush();
    },
    async finish() {
      clearTimeout(timer);
      if (attempt > 1) {
        // What came before lies in S3 only.
        await flush();
        return await joinLog(bucket, buildId, attempt);
      }
      const [whole] = await Promise.all([writeLog(bucket, buildId, texts.join("")), flush()]);
      return whole;
    },
  };
}

/** The lines from `at` on that make one chunk, at least one of them. */
function chunkFrom(lines: readonly LogLine[], at: number): LogLine[] {
  let end = at;
  for (let bytes = 0; end < lines.length && bytes < CHUNK_BYTES_MAX; end += 1) {
    bytes += Buffer.byteLength(lines[end]?.text ?? "") + LINE_WEIGHT;
  }
  return lines.slice(at, end);
}
