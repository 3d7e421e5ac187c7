/**
 * Conda packages that builds have fetched, by channel and sha256: the next build asks the bucket and not the channel.
 * @module
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import pLimit from "p-limit";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { uploadStream } from "#adapters/s3/multipart-upload.ts";
import { getRange, headObject } from "#adapters/s3/objects.ts";
import type { ChannelKeys } from "#core/channel/credentials.ts";
import { packageKey } from "#core/layout.ts";
import type { LockedPackage } from "#core/lock/lock.ts";
import { channelKeyOf } from "#core/repodata/state.ts";

export interface PackageCacheOptions {
  readonly bucket: Bucket;
  /** Whose build it is: what its credentials fetched is for its builds alone. */
  readonly namespace: string;
  readonly keys: ChannelKeys;
  /** For packages on their way; made when it is needed. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** What a lock says of a package. */
export type Expected = Pick<LockedPackage, "url" | "sha256" | "channel">;

export interface PackageCache {
  /** Packages that are going to be asked for: others are not cached, since nothing says what they should be. */
  expect(packages: readonly Expected[]): void;
  /** @returns the package's bytes, or null when the channel has to be asked */
  read(url: string): Promise<{ readonly sizeBytes: number; readonly body: AsyncIterable<Buffer> } | null>;
  /** Keeps what a channel answers, if it turns out to be what was expected. */
  keep(url: string, answer: IncomingMessage): void;
  /** How many packages came from here, of all that were asked for, with their bytes. */
  readonly counts: CacheCounts;
  /** Resolves when nothing is on its way to the bucket any more. */
  settled(): Promise<void>;
}

export interface CacheCounts {
  readonly hits: number;
  readonly misses: number;
  readonly hitBytes: number;
}

/** Larger ones are fetched anew: they would fill the task's disk twice. */
const KEPT_BYTES_MAX = 2 * 1024 * 1024 * 1024;
const UPLOADS_AT_ONCE = 2;
const PART_BYTES = 5 * 1024 * 1024;
/** Read at a time, the next while one is being sent. */
const READ_BYTES = 4 * 1024 * 1024;

export function openPackageCache({
  bucket,
  namespace,
  keys,
  directory,
  signal,
}: PackageCacheOptions): PackageCache {
  const expected = new Map<string, { readonly sha256: string; readonly key: string }>();
  const counts = { hits: 0, misses: 0, hitBytes: 0 };
  const limit = pLimit(UPLOADS_AT_ONCE);
  const onTheirWay = new Set<Promise<void>>();
  let files = 0;

  const keepOne = async (url: string, answer: IncomingMessage): Promise<void> => {
    const wanted = expected.get(url);
    if (wanted === undefined || Number(answer.headers["content-length"] ?? 0) > KEPT_BYTES_MAX) return;
    files += 1;
    const path = join(directory, `${files}`);
    try {
      if ((await writeDown(answer, directory, path)) !== wanted.sha256) return;
      await limit(() =>
        uploadStream(bucket, wanted.key, createReadStream(path, { highWaterMark: 1024 * 1024 }), {
          contentType: "application/octet-stream",
          signal,
          partBytes: PART_BYTES,
          partsInFlight: 1,
        }),
      );
    } finally {
      await rm(path, { force: true });
    }
  };
  return {
    counts,
    expect(packages) {
      for (const { url, sha256, channel } of packages) {
        const owner = keys.has(new URL(url)) ? namespace : null;
        expected.set(url, { sha256, key: packageKey(channelKeyOf({ owner, channel }), sha256) });
      }
    },
    async read(url) {
      const wanted = expected.get(url);
      if (wanted === undefined) return null;
      // A bucket that does not answer is no reason to fail: the channel has the package, too.
      const head = await headObject(bucket, wanted.key).catch(() => null);
      if (head === null) {
        counts.misses += 1;
        return null;
      }
      counts.hits += 1;
      counts.hitBytes += head.sizeBytes;
      return { sizeBytes: head.sizeBytes, body: readInPieces(bucket, wanted.key, head.sizeBytes, signal) };
    },
    keep(url, answer) {
      // What is not kept is fetched again by the next build: nothing is lost.
      const kept = keepOne(url, answer)
        .catch(() => {})
        .finally(() => onTheirWay.delete(kept));
      onTheirWay.add(kept);
    },
    async settled() {
      await Promise.all(onTheirWay);
    },
  };
}

/** @returns the sha256 of what came; @throws Error when it broke off, or the disk is full */
async function writeDown(answer: IncomingMessage, directory: string, path: string): Promise<string> {
  const hash = createHash("sha256");
  // All at once: what nobody listens to yet must not flow.
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = createWriteStream(path);
  answer.on("data", (piece: Buffer) => hash.update(piece));
  answer.pipe(file);
  // Told below, when the answer has ended: whoever else reads it must not lose it for a disk that is full.
  file.on("error", () => {});
  try {
    await finished(answer);
  } catch (error) {
    file.destroy();
    throw error;
  }
  await finished(file);
  return hash.digest("hex");
}

async function* readInPieces(
  bucket: Bucket,
  key: string,
  sizeBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const read = (offset: number): Promise<Buffer | null> =>
    offset < sizeBytes
      ? getRange(bucket, key, { offset, length: Math.min(READ_BYTES, sizeBytes - offset), signal })
      : Promise.resolve(null);
  let next = read(0);
  for (let offset = 0; offset < sizeBytes; offset += READ_BYTES) {
    const piece = await next;
    if (piece === null) throw new Error(`${key} has gone while it was read`);
    next = read(offset + READ_BYTES);
    next.catch(() => {});
    yield piece;
  }
}
