/**
 * Unpacking what channels send, never more of it than is allowed.
 * @module
 */
import { createHash } from "node:crypto";
import { pipeline, Readable } from "node:stream";
import { promisify } from "node:util";
import { createZstdDecompress, zstdDecompress } from "node:zlib";
import { RepodataError } from "#core/repodata/limits.ts";

const decompress = promisify(zstdDecompress);

/** A zstd stream's text. @throws RepodataError for what is none, breaks off, or grows beyond the limit */
export async function* unpackStream(
  body: AsyncIterable<Buffer>,
  textBytesMax: number,
): AsyncGenerator<Buffer> {
  const unpacker = createZstdDecompress({ chunkSize: 256 * 1024 });
  let failure: unknown;
  const source = Readable.from(body);
  pipeline(source, unpacker, (error) => {
    failure = error;
  });
  let bytes = 0;
  try {
    for await (const text of unpacker as AsyncIterable<Buffer>) {
      bytes += text.byteLength;
      if (bytes > textBytesMax) {
        throw new RepodataError(`unpacks to more than the ${textBytesMax} bytes that are taken`);
      }
      yield text;
    }
  } catch (error) {
    if (error instanceof RepodataError) throw error;
    if (failure instanceof RepodataError) throw failure;
    throw new RepodataError("is no zstd, or breaks off", { cause: error });
  } finally {
    source.destroy();
    unpacker.destroy();
  }
}

/** A small zstd file. @throws RepodataError */
export async function unpackWhole(packed: Uint8Array, textBytesMax: number): Promise<Buffer> {
  try {
    return await decompress(packed, { maxOutputLength: textBytesMax });
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    const why = tooLarge
      ? `unpacks to more than the ${textBytesMax} bytes that are taken`
      : "is no zstd, or breaks off";
    throw new RepodataError(why, { cause: error });
  }
}

export const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
