/**
 * Small objects: read, write, look at, list, delete.
 * @module
 */
import { crc32 } from "node:zlib";
import type { Bucket } from "./bucket.ts";
import { decodeXml, sendS3, xmlText } from "./request.ts";

export interface ObjectHead {
  readonly sizeBytes: number;
  readonly etag: string;
}

/** @returns the object's bytes, or null when there is none */
export async function getObject(bucket: Bucket, key: string, signal?: AbortSignal): Promise<Buffer | null> {
  const { status, body } = await sendS3(bucket, { method: "GET", key, signal }, [404]);
  return status === 404 ? null : body;
}

/** @returns the object's bytes, or null when it is not the one with this ETag any more */
export async function getObjectAsListed(
  bucket: Bucket,
  { key, etag }: Pick<ListedObject, "key" | "etag">,
): Promise<Buffer | null> {
  const headers = { "if-match": etag };
  const { status, body } = await sendS3(bucket, { method: "GET", key, headers }, [404, 412]);
  return status === 404 || status === 412 ? null : body;
}

/** @returns these bytes of the object, or null when there is none */
export async function getRange(
  bucket: Bucket,
  key: string,
  {
    offset,
    length,
    signal,
  }: { readonly offset: number; readonly length: number; readonly signal?: AbortSignal },
): Promise<Buffer | null> {
  const headers = { range: `bytes=${offset}-${offset + length - 1}` };
  const { status, body } = await sendS3(bucket, { method: "GET", key, headers, signal }, [404]);
  return status === 404 ? null : body;
}

/** @returns null when there is no such object */
export async function headObject(bucket: Bucket, key: string): Promise<ObjectHead | null> {
  const { status, headers } = await sendS3(bucket, { method: "HEAD", key }, [404]);
  if (status === 404) return null;
  return {
    sizeBytes: Number(headers["content-length"] ?? 0),
    etag: String(headers["etag"] ?? ""),
  };
}

export interface PutOptions {
  readonly contentType: string;
  /** Leave an object that is there already as it is. */
  readonly onlyIfAbsent?: boolean;
}

/**
 * Writes one object; its CRC-32 is checked by S3.
 * @returns false when `onlyIfAbsent` and there was one already
 */
export async function putObject(
  bucket: Bucket,
  key: string,
  body: Uint8Array | string,
  { contentType, onlyIfAbsent = false }: PutOptions,
): Promise<boolean> {
  const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : body;
  const { status } = await sendS3(
    bucket,
    {
      method: "PUT",
      key,
      body: bytes,
      headers: {
        "content-type": contentType,
        "x-amz-checksum-crc32": crc32Base64(bytes),
        ...(onlyIfAbsent ? { "if-none-match": "*" } : {}),
      },
    },
    // 409: another writer was just finishing the same key.
    onlyIfAbsent ? [409, 412] : [],
  );
  return status !== 412 && status !== 409;
}

export interface ListedObject extends ObjectHead {
  readonly key: string;
  readonly changedAt: Date;
}

/**
 * Every object below a prefix in key order; for prefixes with a bounded number of objects, unless `most` bounds it: when so many
 * are found, no more are asked for.
 */
export async function listObjects(
  bucket: Bucket,
  prefix: string,
  startAfter = "",
  most = Number.POSITIVE_INFINITY,
): Promise<ListedObject[]> {
  const found: ListedObject[] = [];
  for (let token: string | undefined; ; ) {
    const query: [string, string][] = [
      ["list-type", "2"],
      ["prefix", prefix],
    ];
    if (startAfter !== "") query.push(["start-after", startAfter]);
    if (token !== undefined) query.push(["continuation-token", token]);
    const { body } = await sendS3(bucket, { method: "GET", key: "", query });
    const xml = body.toString("utf8");
    for (const [, entry = ""] of xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
      found.push({
        key: xmlText(entry, "Key") ?? "",
        sizeBytes: Number(xmlText(entry, "Size") ?? 0),
        etag: xmlText(entry, "ETag") ?? "",
        changedAt: new Date(xmlText(entry, "LastModified") ?? Number.NaN),
      });
    }
    token = xmlText(xml, "IsTruncated") === "true" ? xmlText(xml, "NextContinuationToken") : undefined;
    if (token === undefined || found.length >= most) return found;
    token = decodeXml(token);
  }
}

/** Deletes; a key that is not there is no error. */
export async function deleteObject(bucket: Bucket, key: string): Promise<void> {
  await sendS3(bucket, { method: "DELETE", key }, [404]);
}

/** As S3 wants it: four bytes, big-endian, base64. */
export function crc32Base64(bytes: Uint8Array): string {
  const four = Buffer.alloc(4);
  four.writeUInt32BE(crc32(bytes));
  return four.toString("base64");
}
