/**
 * Builds of one package name, read from the shards that have them: one ranged read for each subdir.
 * @module
 */
import { decodeShard, SECTIONS } from "#adapters/repodata/read-shard.ts";
import { sha256Of } from "#adapters/repodata/unpack.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { getRange } from "#adapters/s3/objects.ts";
import { AppError } from "#core/errors.ts";
import { packKey } from "#core/layout.ts";
import { type PackageBuild, readBuild } from "#core/repodata/builds.ts";
import type { ShardPlace } from "#core/repodata/name-index.ts";
import { channelKeyOf, type RepodataState } from "#core/repodata/state.ts";
import type { KeptSubdir } from "./kept-indexes.ts";

/** By channel, subdir and the shard's digest: what never changes. The latest are last. */
export type Remembered = Map<string, readonly PackageBuild[]>;

/** More files are not read for one answer: sorting them would take longer than anybody waits. */
const BUILDS_MAX = 20_000;
/** Of a shard unpacked: the function's memory is a few times that. */
const TEXT_BYTES_MAX = 64 * 1024 * 1024;

/**
 * @param places where to look
 * @param name as it is, or in capital letters where names have none
 * @throws AppError invalid_request when there are too many; try_again when a shard cannot be read
 */
export async function readBuilds(
  bucket: Bucket,
  places: readonly KeptSubdir[],
  name: string,
  remembered: Remembered,
): Promise<PackageBuild[]> {
  const homes = places.flatMap(({ state, index }) => {
    const same = index.find(name);
    const at = same < 0 ? index.find(name.toLowerCase()) : same;
    return at < 0 ? [] : [{ state, place: index.placeAt(at), records: index.recordsAt(at) }];
  });
  const count = homes.reduce((sum, { records }) => sum + records, 0);
  if (count > BUILDS_MAX) {
    throw new AppError(
      "invalid_request",
      `There are ${count} builds of ${name}, more than the ${BUILDS_MAX} that can be listed: name a channel and a subdir.`,
    );
  }
  const builds: PackageBuild[] = [];
  // One after the other: a shard that is being read is the only one that takes memory.
  for (const { state, place } of homes) builds.push(...(await buildsAt(bucket, state, place, remembered)));
  return builds;
}

async function buildsAt(
  bucket: Bucket,
  state: RepodataState,
  place: ShardPlace,
  remembered: Remembered,
): Promise<readonly PackageBuild[]> {
  const key = `${channelKeyOf(state)} ${state.subdir} ${place.sha256}`;
  const known = remembered.get(key);
  remembered.delete(key);
  const builds = known ?? (await readShard(bucket, state, place));
  remembered.set(key, builds);
  let total = [...remembered.values()].reduce((sum, { length }) => sum + length, 0);
  for (const [old, { length }] of remembered) {
    if (total <= BUILDS_MAX) break;
    remembered.delete(old);
    total -= length;
  }
  return builds;
}

async function readShard(bucket: Bucket, state: RepodataState, place: ShardPlace): Promise<PackageBuild[]> {
  const packed = await getRange(bucket, packKey(channelKeyOf(state), state.subdir, place.pack), place);
  if (packed === null || sha256Of(packed) !== place.sha256) {
    throw new AppError("try_again", "What is kept of the package cannot be read now: ask again in a minute.");
  }
  const shard = await decodeShard(packed, TEXT_BYTES_MAX).catch((cause: unknown) => {
    const where = `${state.channel}/${state.subdir}`;
    throw new AppError("invalid_request", `What ${where} says of the package is too large to be listed.`, {
      cause,
    });
  });
  return SECTIONS.flatMap((section) =>
    Object.entries(shard[section]).map(([fileName, record]) =>
      readBuild(state.channel, state.subdir, fileName, record as Readonly<Record<string, unknown>>),
    ),
  );
}
