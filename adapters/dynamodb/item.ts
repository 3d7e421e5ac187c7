/**
 * Items as the document client gives them, and the few casts that reading them takes.
 * @module
 */
import { promisify } from "node:util";
import { zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from "node:zlib";
import { AppError } from "#core/errors.ts";
import { SCHEMA_VERSION } from "./keys.ts";

/** An item as read. Each kind has one function that turns it into what `core` knows. */
export type Item = Readonly<Record<string, unknown>>;

/** Adds what every item has. */
export const withVersion = <T extends object>(item: T): T & { v: number } => ({ ...item, v: SCHEMA_VERSION });

export const toDate = (value: unknown): Date => new Date(String(value));
export const toDateOrNull = (value: unknown): Date | null => (value === null ? null : toDate(value));

/** As `expiresAt` has it. */
export const toSeconds = (at: Date): number => Math.floor(at.getTime() / 1000);

/** An item may have 400 KB with its names and keys; the rest is kept free for those. */
const COMPRESSED_BYTES_MAX = 380 * 1024;

/** Below it, another thread would cost more than it takes over. */
const SMALL_BYTES_MAX = 8 * 1024;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/**
 * Packs JSON for one attribute.
 * @param what the thing's name, for the error
 * @throws AppError invalid_request if it does not fit into an item
 */
export async function packJson(value: unknown, what: string): Promise<Uint8Array> {
  const json = JSON.stringify(value);
  const bytes = json.length <= SMALL_BYTES_MAX ? zstdCompressSync(json) : await compress(json);
  if (bytes.byteLength > COMPRESSED_BYTES_MAX) {
    throw new AppError(
      "invalid_request",
      `${what} is too large: ${bytes.byteLength} bytes compressed, ${COMPRESSED_BYTES_MAX} are the most. Split it into smaller environments.`,
    );
  }
  return bytes;
}

/** The reverse of `packJson`. */
export async function unpackJson<T>(bytes: unknown): Promise<T> {
  const packed = bytes as Uint8Array;
  const isSmall = packed.byteLength <= SMALL_BYTES_MAX;
  const json = isSmall ? zstdDecompressSync(packed) : await decompress(packed);
  return JSON.parse(json.toString("utf8")) as T;
}
