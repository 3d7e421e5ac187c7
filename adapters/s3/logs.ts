/**
 * A build's log in S3: live chunks while it runs, one text when it has ended.
 * @module
 */
import { createHash } from "node:crypto";
import { type LogLine, parseLogChunk, renderLogChunk, renderLogText } from "#core/build/log-line.ts";
import type { Artifact } from "#core/build/status.ts";
import { logChunkKey, logChunkPrefix, logKey, logsPrefix } from "#core/layout.ts";
import type { Bucket } from "./bucket.ts";
import { getObject, listObjects, putObject } from "./objects.ts";

/** Less than what API Gateway passes on (6 MB), also when every character is escaped. */
const PAGE_BYTES_MAX = 1024 * 1024;

export async function writeLogChunk(
  bucket: Bucket,
  buildId: number,
  attempt: number,
  chunk: number,
  lines: readonly LogLine[],
): Promise<void> {
  const key = logChunkKey(buildId, attempt, chunk);
  await putObject(bucket, key, renderLogChunk(lines), { contentType: "application/x-ndjson" });
}

/** Number of chunks that an attempt has; a task that is run again goes on behind them. */
export async function countLogChunks(bucket: Bucket, buildId: number, attempt: number): Promise<number> {
  return (await listObjects(bucket, logChunkPrefix(buildId, attempt))).length;
}

export interface LogPage {
  readonly lines: readonly LogLine[];
  /** Number of the first chunk that was not read: the next call's `after`. */
  readonly next: number;
}

/**
 * The lines of an attempt from chunk `after` on, at most about a megabyte; empty when there is none yet.
 * One read per chunk and one for the end: no listing.
 */
export async function readLog(
  bucket: Bucket,
  buildId: number,
  attempt: number,
  after: number,
): Promise<LogPage> {
  const lines: LogLine[] = [];
  let next = after;
  for (let bytes = 0; bytes < PAGE_BYTES_MAX; next += 1) {
    const chunk = await getObject(bucket, logChunkKey(buildId, attempt, next));
    if (chunk === null) break;
    bytes += chunk.byteLength;
    lines.push(...parseLogChunk(chunk.toString("utf8")));
  }
  return { lines, next };
}

/** Joins the chunks of every attempt up to this one into one text. Doing it again gives the same. */
export async function joinLog(bucket: Bucket, buildId: number, attempt: number): Promise<Artifact> {
  const chunks = (await listObjects(bucket, logsPrefix(buildId)))
    .map(({ key }) => key)
    .filter((key) => key.endsWith(".jsonl"))
    .map((key) => ({ key, place: chunkPlace(key) }))
    .filter(({ place }) => place.attempt <= attempt)
    .sort((a, b) => a.place.attempt - b.place.attempt || a.place.chunk - b.place.chunk);
  const texts: string[] = [];
  for (const { key } of chunks) {
    const chunk = await getObject(bucket, key);
    if (chunk !== null) texts.push(renderLogText(parseLogChunk(chunk.toString("utf8"))));
  }
  return await writeLog(bucket, buildId, texts.join(""));
}

/** Stores the whole log of an ended build. */
export async function writeLog(bucket: Bucket, buildId: number, text: string): Promise<Artifact> {
  const bytes = Buffer.from(text, "utf8");
  const key = logKey(buildId, createHash("sha256").update(bytes).digest("hex"));
  await putObject(bucket, key, bytes, { contentType: "text/plain; charset=utf-8" });
  return { type: "LOGS", key, sizeBytes: bytes.byteLength };
}

/** `logs/12/1/000003.jsonl` → attempt 1, chunk 3 */
function chunkPlace(key: string): { attempt: number; chunk: number } {
  const [chunk = "", attempt = ""] = key.split("/").reverse();
  return { attempt: Number(attempt), chunk: Number.parseInt(chunk, 10) };
}
