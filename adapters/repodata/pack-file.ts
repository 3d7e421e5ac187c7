/**
 * A pack of shards while it is written: a file of this machine, which goes to the bucket when it is whole.
 * @module
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { finished } from "node:stream/promises";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { uploadStream } from "#adapters/s3/multipart-upload.ts";
import { RepodataError } from "#core/repodata/limits.ts";

/** Places are numbers of 32 bits. */
const PACK_BYTES_MAX = 2 ** 32 - 1;

export interface PackFile {
  /** @returns where the shard begins. @throws RepodataError when the pack is full */
  add(shard: Uint8Array): Promise<number>;
  /** @returns the pack's digest and size */
  close(): Promise<{ readonly digest: string; readonly sizeBytes: number }>;
  /** Uploads it, unless the bucket has it. */
  upload(bucket: Bucket, key: string, signal: AbortSignal): Promise<void>;
  remove(): Promise<void>;
}

export function openPackFile(path: string): PackFile {
  const file = createWriteStream(path);
  // Told by whoever waits for the next write.
  file.on("error", () => {});
  const hash = createHash("sha256");
  let sizeBytes = 0;
  return {
    async add(shard) {
      const offset = sizeBytes;
      if (offset + shard.byteLength > PACK_BYTES_MAX) {
        throw new RepodataError(`needs more than the ${PACK_BYTES_MAX} bytes that are kept of one subdir`);
      }
      if (file.errored) throw file.errored;
      hash.update(shard);
      sizeBytes += shard.byteLength;
      if (!file.write(shard)) await once(file, "drain");
      return offset;
    },
    async close() {
      file.end();
      await finished(file);
      return { digest: hash.digest("hex"), sizeBytes };
    },
    async upload(bucket, key, signal) {
      const contentType = "application/octet-stream";
      await uploadStream(bucket, key, createReadStream(path, { highWaterMark: 1024 * 1024 }), {
        contentType,
        signal,
      });
    },
    async remove() {
      file.destroy();
      await rm(path, { force: true });
    },
  };
}
