/**
 * What reading a channel whole and reading its changes have in common.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fetching, Validator } from "#adapters/repodata/fetch-file.ts";
import { openPackFile, type PackFile } from "#adapters/repodata/pack-file.ts";
import type { ShardIndex } from "#adapters/repodata/read-shard.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { packKey } from "#core/layout.ts";
import { RepodataError, type RepodataLimits } from "#core/repodata/limits.ts";
import {
  channelKeyOf,
  type RepodataPlace,
  type RepodataState,
  type StoredIndex,
} from "#core/repodata/state.ts";

export interface RefreshContext extends Fetching {
  readonly bucket: Bucket;
  readonly limits: RepodataLimits;
  readonly clock: () => Date;
  /** A channel that has lost most of its packages is believed. */
  readonly believeLoss: boolean;
  /** Told of a change that is not whole yet, so that the next run need not begin again. */
  readonly stage: (staged: StoredIndex) => Promise<void>;
  /** Told that the channel is about to be read whole. Throws where somebody else is to do that. */
  readonly beforeWhole: () => Promise<void>;
}

/** A channel's index of shards as it is now. */
export interface Upstream {
  readonly index: ShardIndex;
  readonly digest: string;
  readonly validator: Validator;
}

/** @param file below the subdir */
export const fileOf = ({ channel, subdir }: RepodataPlace, file: string): URL =>
  new URL(`${channel}/${subdir}/${file}`);

/** Below this a channel's losses are nobody's business. */
const RECORDS_WATCHED = 100;

/** @throws RepodataError where nobody said that it is meant */
export function mustNotBeLost(
  { believeLoss }: RefreshContext,
  { live }: RepodataState,
  records: number,
): void {
  if (believeLoss || live === null || live.records < RECORDS_WATCHED || records * 2 >= live.records) return;
  throw new RepodataError(
    `has ${records} packages where it had ${live.records}: refresh it by hand with believe_loss if that is meant`,
  );
}

/** A pack in a folder of its own, which is removed whatever happens. */
export async function withPack<T>(work: (pack: PackFile) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "repodata-"));
  const pack = openPackFile(join(folder, "pack"));
  try {
    return await work(pack);
  } finally {
    await pack.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

export async function storePack(
  { bucket, signal }: RefreshContext,
  place: RepodataPlace,
  pack: PackFile,
): Promise<{ readonly digest: string; readonly sizeBytes: number }> {
  const closed = await pack.close();
  const key = packKey(channelKeyOf(place), place.subdir, closed.digest);
  if (closed.sizeBytes > 0) await pack.upload(bucket, key, signal);
  return closed;
}
