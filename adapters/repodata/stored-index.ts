/**
 * Indexes of names, and summaries, as they lie in the bucket.
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
import { decodeSummaries, encodeSummaries, type Summaries } from "#core/repodata/summaries.ts";
import { sha256Of, unpackWhole } from "./unpack.ts";

const compress = promisify(zstdCompress);
/** Ours: half a million names have a tenth of it. */
const TEXT_BYTES_MAX = 1024 * 1024 * 1024;

const pack = async (text: string | Uint8Array): Promise<Buffer> =>
  await compress(text, { params: { [constants.ZSTD_c_compressionLevel]: 6 } });

/** @returns what is to be stored */
export const packNameIndex = async (subdir: string, names: readonly IndexedName[]): Promise<Buffer> =>
  await pack(encodeNameIndex(subdir, names));

/** @throws RepodataError */
export const unpackNameIndex = async (packed: Uint8Array): Promise<NameIndex> =>
  openNameIndex(await unpackWhole(packed, TEXT_BYTES_MAX));

/** @returns its digest */
export const storeNameIndex = async (
  bucket: Bucket,
  place: RepodataPlace,
  names: readonly IndexedName[],
): Promise<string> => await store(bucket, place, await packNameIndex(place.subdir, names));

/** @throws RepodataError when the object has gone, or is not what its name says */
export const loadNameIndex = async (
  bucket: Bucket,
  place: RepodataPlace,
  digest: string,
): Promise<NameIndex> => await unpackNameIndex(await load(bucket, place, digest));

/** @returns what is to be stored */
export const packSummaries = async (summaries: Summaries): Promise<Buffer> =>
  await pack(encodeSummaries(summaries));

/** @returns their digest */
export const storeSummaries = async (
  bucket: Bucket,
  place: RepodataPlace,
  summaries: Summaries,
): Promise<string> => await store(bucket, place, await packSummaries(summaries));

/** @throws RepodataError as loadNameIndex */
export async function loadSummaries(
  bucket: Bucket,
  place: RepodataPlace,
  digest: string,
): Promise<Summaries> {
  const text = await unpackWhole(await load(bucket, place, digest), TEXT_BYTES_MAX);
  return decodeSummaries(text.toString("utf8"));
}

async function store(bucket: Bucket, place: RepodataPlace, packed: Buffer): Promise<string> {
  const digest = sha256Of(packed);
  const key = nameIndexKey(channelKeyOf(place), place.subdir, digest);
  await putObject(bucket, key, packed, { contentType: "application/zstd", onlyIfAbsent: true });
  return digest;
}

async function load(bucket: Bucket, place: RepodataPlace, digest: string): Promise<Uint8Array> {
  const packed = await getObject(bucket, nameIndexKey(channelKeyOf(place), place.subdir, digest));
  if (packed === null || sha256Of(packed) !== digest) throw new RepodataError("has lost its stored index");
  return packed;
}
