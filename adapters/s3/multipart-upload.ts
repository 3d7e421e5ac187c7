/**
 * A stream of unknown length into one object, in parts: memory stays at a few parts whatever the length.
 * @module
 */
import { createHash } from "node:crypto";
import type { Bucket } from "./bucket.ts";
import { crc32Base64, headObject, putObject } from "./objects.ts";
import { S3Error, sendS3, xmlText } from "./request.ts";

export interface UploadOptions {
  readonly contentType: string;
  readonly signal: AbortSignal;
  /** S3 takes 5 MiB to 5 GiB, and 10,000 parts. @default 8 MiB; 32 MiB from 16 GB on */
  readonly partBytes?: number;
  /** Parts on their way at a time. @default 3 */
  readonly partsInFlight?: number;
}

export interface Uploaded {
  /** Of the object that is there now. */
  readonly sizeBytes: number;
  /** Of what was uploaded; null when the key had an object already, which was left as it is. */
  readonly sha256: string | null;
}

const MEBIBYTE = 1024 * 1024;
const PART_BYTES = 8 * MEBIBYTE;
/** Parts grow after this many, so that 10,000 parts reach S3's limit of 5 TB less far away. */
const SMALL_PARTS_MAX = 2_000;
const GROWTH = 4;

/**
 * Uploads everything the stream gives to `key`, completed with `If-None-Match: *`: an object that exists is never
 * replaced. Whatever goes wrong, the upload is aborted and no part stays behind.
 * @throws S3Error; the stream's own error; the signal's reason
 */
export async function uploadStream(
  bucket: Bucket,
  key: string,
  stream: AsyncIterable<Uint8Array>,
  options: UploadOptions,
): Promise<Uploaded> {
  const { contentType, signal, partBytes = PART_BYTES, partsInFlight = 3 } = options;
  const hash = createHash("sha256");
  let sizeBytes = 0;
  let upload: Upload | undefined;
  let created: boolean | undefined;
  try {
    const buffers = new Buffers();
    for await (const part of inParts(stream, partBytes, buffers)) {
      signal.throwIfAborted();
      hash.update(part);
      sizeBytes += part.byteLength;
      if (upload === undefined && part.byteLength < partBytes) {
        // The whole stream is less than a part: no upload of parts is needed.
        created = await putObject(bucket, key, part, { contentType, onlyIfAbsent: true });
      } else {
        upload ??= await startUpload(bucket, key, contentType, signal, buffers);
        await upload.add(part, partsInFlight);
      }
    }
    created ??= upload
      ? await upload.complete()
      : await putObject(bucket, key, "", { contentType, onlyIfAbsent: true });
  } catch (error) {
    await upload?.abort();
    throw error;
  }
  if (created) return { sizeBytes, sha256: hash.digest("hex") };
  const there = await headObject(bucket, key);
  if (there === null)
    throw new S3Error(`S3 lost ${key} to another writer`, 409, "ConditionalRequestConflict");
  return { sizeBytes: there.sizeBytes, sha256: null };
}

interface Upload {
  add(part: Buffer, inFlightMax: number): Promise<void>;
  complete(): Promise<boolean>;
  abort(): Promise<void>;
}

async function startUpload(
  bucket: Bucket,
  key: string,
  contentType: string,
  signal: AbortSignal,
  buffers: Buffers,
): Promise<Upload> {
  const { body } = await sendS3(bucket, {
    method: "POST",
    key,
    query: [["uploads", ""]],
    headers: { "content-type": contentType, "x-amz-checksum-algorithm": "CRC32" },
    signal,
  });
  const uploadId = xmlText(body.toString("utf8"), "UploadId");
  if (uploadId === undefined) throw new Error(`S3 started no upload of ${key}`);
  const parts: { etag: string; crc: string }[] = [];
  const inFlight = new Set<Promise<void>>();
  const stopped = new AbortController();
  const either = AbortSignal.any([signal, stopped.signal]);
  let failure: unknown;

  const send = async (number: number, part: Buffer): Promise<void> => {
    const crc = crc32Base64(part);
    const { headers } = await sendS3(bucket, {
      method: "PUT",
      key,
      query: [
        ["partNumber", String(number)],
        ["uploadId", uploadId],
      ],
      headers: { "x-amz-checksum-crc32": crc },
      body: part,
      signal: either,
    });
    parts[number - 1] = { etag: String(headers["etag"] ?? ""), crc };
  };
  let count = 0;
  return {
    async add(part, inFlightMax) {
      while (inFlight.size >= inFlightMax) await Promise.race(inFlight);
      if (failure !== undefined) throw failure;
      count += 1;
      const sent = send(count, part)
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => {
          inFlight.delete(sent);
          buffers.giveBack(part);
        });
      inFlight.add(sent);
    },
    async complete() {
      await Promise.all(inFlight);
      if (failure !== undefined) throw failure;
      const { status, body: answer } = await sendS3(
        bucket,
        {
          method: "POST",
          key,
          query: [["uploadId", uploadId]],
          headers: { "content-type": "application/xml", "if-none-match": "*" },
          body: Buffer.from(completion(parts)),
          signal,
        },
        // 404: an earlier try of this request was answered into a broken connection; 409, 412: another writer won.
        [404, 409, 412],
      );
      const xml = answer.toString("utf8");
      // S3 may say 200 first and find out later that it could not.
      if (status === 200 && !xml.includes("<Error>")) return true;
      if (status === 200) {
        const code = xmlText(xml, "Code") ?? "unknown";
        throw new S3Error(`S3 could not complete the upload of ${key}: ${code}`, 500, code);
      }
      if (status !== 404) await abortUpload(bucket, key, uploadId);
      return false;
    },
    async abort() {
      stopped.abort();
      await Promise.allSettled(inFlight);
      // The bucket's lifecycle ends unfinished uploads after a day, should this not reach S3 either.
      await abortUpload(bucket, key, uploadId).catch(() => {});
    },
  };
}

async function abortUpload(bucket: Bucket, key: string, uploadId: string): Promise<void> {
  await sendS3(bucket, { method: "DELETE", key, query: [["uploadId", uploadId]] }, [404]);
}

function completion(parts: readonly { readonly etag: string; readonly crc: string }[]): string {
  const entries = parts.map(
    ({ etag, crc }, index) =>
      `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag.replaceAll('"', "&quot;")}</ETag>` +
      `<ChecksumCRC32>${crc}</ChecksumCRC32></Part>`,
  );
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${entries.join("")}</CompleteMultipartUpload>`;
}

/**
 * Buffers that are used again: new ones for each part would lie about until the garbage collector notices memory that
 * is not its own.
 */
class Buffers {
  private free: Buffer[] = [];

  take(bytes: number): Buffer {
    const found = this.free.find((buffer) => buffer.byteLength === bytes);
    this.free = this.free.filter((buffer) => buffer.byteLength === bytes && buffer !== found);
    return found ?? Buffer.allocUnsafeSlow(bytes);
  }

  /** Only what was sent, or will not be, may be given back. */
  giveBack(buffer: Buffer): void {
    this.free.push(buffer);
  }
}

/** Cuts a stream into buffers of `partBytes`, which the reader gives back; only the last is shorter. */
async function* inParts(
  stream: AsyncIterable<Uint8Array>,
  partBytes: number,
  buffers: Buffers,
): AsyncGenerator<Buffer> {
  let wanted = partBytes;
  let part = buffers.take(wanted);
  let filled = 0;
  let number = 0;
  for await (const chunk of stream) {
    for (let from = 0; from < chunk.byteLength; ) {
      const taken = Math.min(wanted - filled, chunk.byteLength - from);
      part.set(chunk.subarray(from, from + taken), filled);
      filled += taken;
      from += taken;
      if (filled < wanted) continue;
      yield part;
      number += 1;
      if (number === SMALL_PARTS_MAX) wanted = partBytes * GROWTH;
      part = buffers.take(wanted);
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}
