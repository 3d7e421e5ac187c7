/**
 * Indexes of names as they lie in the bucket.
 * @module
 */
import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { getObject, putObject } from "#adapters/s3/objects.ts";
import { nameIndexKey } from "#core/layout.ts";
import { RepodataError } from "#core/repodata/limits.ts";
import {
  encodeNameIndex,
  type IndexedName,
  type NameIndex,
  openNameIndex,
} from "#core/repodata/name-index.ts";
import { channelKeyOf, type RepodataPlace } from "#core/repodata/state.ts";
import { sha256Of, unpackWhole } from "./unpack.ts";

const compress = promisify(zstdCompress);
/** Ours: half a million names have a tenth of it. */
const TEXT_BYTES_MAX = 1024 * 1024 * 1024;

/** @returns what is to be stored */
export const packNameIndex = async (subdir: string, names: readonly IndexedName[]): Promise<Buffer> =>
  await compress(encodeNameIndex(subdir, names), { params: { [constants.ZSTD_c_compressionLevel]: 6 } });

/** @throws RepodataError */
export const unpackNameIndex = async (packed: Uint8Array): Promise<NameIndex> =>
  openNameIndex(await unpackWhole(packed, TEXT_BYTES_MAX));

/** @returns its digest */
export async function storeNameIndex(
  bucket: Bucket,
  place: RepodataPlace,
  names: readonly IndexedName[],
): Promise<string> {
  const packed = await packNameIndex(place.subdir, names);
  const digest = sha256Of(packed);
  const key = nameIndexKey(channelKeyOf(place), place.subdir, digest);
  await putObject(bucket, key, packed, { contentType: "application/zstd", onlyIfAbsent: true });
  return digest;
}

/** @throws RepodataError when the object has gone, or is not what its name says */
export async function loadNameIndex(
  bucket: Bucket,
  place: RepodataPlace,
  digest: string,
): Promise<NameIndex> {
  const packed = await getObject(bucket, nameIndexKey(channelKeyOf(place), place.subdir, digest));
  if (packed === null || sha256Of(packed) !== digest) throw new RepodataError("has lost its stored index");
  return await unpackNameIndex(packed);
}
