/**
 * What has changed by a channel's index of shards, and taking just that.
 * @module
 */
import pLimit from "p-limit";
import { fetchFile, readWhole } from "#adapters/repodata/fetch-file.ts";
import { inOrder, noteVersion, type Versions } from "#adapters/repodata/fill.ts";
import type { PackFile } from "#adapters/repodata/pack-file.ts";
import { decodeShardIndex, SHARD_INDEX } from "#adapters/repodata/read-shard.ts";
import { openShard } from "#adapters/repodata/shard.ts";
import { loadNameIndex, storeNameIndex } from "#adapters/repodata/stored-index.ts";
import { sha256Of } from "#adapters/repodata/unpack.ts";
import { getObject } from "#adapters/s3/objects.ts";
import { shardIndexKey } from "#core/layout.ts";
import { RepodataError } from "#core/repodata/limits.ts";
import type { IndexedName, NameIndex } from "#core/repodata/name-index.ts";
import { channelKeyOf, type RepodataState, type StoredIndex } from "#core/repodata/state.ts";
import { fileOf, mustNotBeLost, type RefreshContext, storePack, type Upstream, withPack } from "./parts.ts";

export interface Delta {
  readonly upstream: Upstream;
  /** What is gone on from; null for nothing. */
  readonly before: StoredIndex | null;
  readonly index: NameIndex | null;
  /** Names whose shard is to be fetched. */
  readonly changed: readonly string[];
  readonly removed: ReadonlySet<string>;
  /** How many names the channel has now. */
  readonly names: number;
}

/** Shards on their way at a time: a channel is nobody's own. */
const AT_ONCE = 8;
/** Shards that are put by before the next are asked for. */
const SLICE = 500;

/**
 * Compares the channel's index of shards with the one that was read before.
 * @returns null when what was read before cannot be known any more
 */
export async function readDelta(
  { bucket }: RefreshContext,
  state: RepodataState,
  upstream: Upstream,
): Promise<Delta | null> {
  const before = state.staged ?? state.live;
  const now = upstream.index.shards;
  const names = now.size;
  if (before === null) {
    return { upstream, before, index: null, changed: [...now.keys()], removed: new Set(), names };
  }
  if (before.shards === null) return null;
  const key = shardIndexKey(channelKeyOf(state), state.subdir, before.shards);
  const packed = await getObject(bucket, key);
  if (packed === null) return null;
  const was = (await decodeShardIndex(packed)).shards;
  const index = await loadNameIndex(bucket, state, before.index).catch(() => null);
  if (index === null) return null;
  const isHere = (name: string, sha256: string): boolean => {
    const at = index.find(name);
    // A run that was broken off has fetched it already.
    return at >= 0 && index.placeAt(at).sha256 === sha256;
  };
  const isTouched = await touchedBy(bucket, state, index);
  const changed = [...now].filter(
    ([name, sha256]) => (was.get(name) !== sha256 || isTouched(name)) && !isHere(name, sha256),
  );
  const removed = new Set(index.names.filter((name) => !now.has(name)));
  return { upstream, before, index, changed: changed.map(([name]) => name), removed, names };
}

/** Names that a run which was broken off has put another shard of by: the channel may have gone back to the one before. */
async function touchedBy(
  bucket: RefreshContext["bucket"],
  { channel, owner, subdir, live, staged }: RepodataState,
  index: NameIndex,
): Promise<(name: string) => boolean> {
  if (staged === null || live === null) return () => false;
  const before = await loadNameIndex(bucket, { channel, owner, subdir }, live.index);
  const shardOf = (from: NameIndex, name: string): string | null => {
    const at = from.find(name);
    return at < 0 ? null : from.placeAt(at).sha256;
  };
  return (name) => shardOf(before, name) !== shardOf(index, name);
}

/**
 * Fetches the shards that changed and puts them by in packs of their own, slice by slice.
 * @returns the index that has them all
 * @throws RepodataError for a shard that is not what the index says; what was put by stays
 */
export async function takeChanges(
  context: RefreshContext,
  state: RepodataState,
  delta: Delta,
): Promise<StoredIndex> {
  const { upstream, changed, removed, before } = delta;
  const names = new Map<string, IndexedName>();
  const { index } = delta;
  if (index) {
    for (const [at, name] of index.names.entries()) if (!removed.has(name)) names.set(name, index.at(at));
  }
  let packs = before?.packs ?? [];
  let skipped = before?.skipped ?? upstream.index.skipped;
  for (let from = 0; ; from += SLICE) {
    const slice = changed.slice(from, from + SLICE);
    const isLast = from + SLICE >= changed.length;
    if (slice.length > 0) {
      const taken = await withPack((pack) => takeSlice(context, state, delta, slice, pack));
      for (const name of slice) names.delete(name);
      for (const name of taken.names) names.set(name.name, name);
      packs = [...packs, taken.pack];
      skipped += taken.skipped;
    }
    const all = [...names.values()];
    const records = all.reduce((sum, one) => sum + one.records, 0);
    if (isLast) mustNotBeLost(context, state, records);
    const used = new Set(all.map(({ pack }) => pack));
    const at = context.clock().toISOString();
    const stored: StoredIndex = {
      index: await storeNameIndex(context.bucket, state, all),
      packs: packs.filter(({ digest }) => used.has(digest)),
      // Until all is there, what is compared with is what was there before.
      shards: isLast ? upstream.digest : (before?.shards ?? upstream.digest),
      file: SHARD_INDEX,
      ...upstream.validator,
      names: all.length,
      records,
      skipped,
      filledAt: before?.filledAt ?? at,
      changedAt: at,
    };
    if (isLast) return stored;
    await context.stage(stored);
  }
}

interface Taken {
  readonly names: readonly IndexedName[];
  readonly pack: { readonly digest: string; readonly sizeBytes: number };
  readonly skipped: number;
}

async function takeSlice(
  context: RefreshContext,
  state: RepodataState,
  { upstream }: Delta,
  slice: readonly string[],
  pack: PackFile,
): Promise<Taken> {
  const base = shardsBase(state, upstream);
  const limit = pLimit(AT_ONCE);
  const failed = new AbortController();
  const around = { ...context, signal: AbortSignal.any([context.signal, failed.signal]) };
  const taken: Omit<IndexedName, "pack">[] = [];
  let skipped = 0;
  const takeOne = async (name: string): Promise<void> => {
    const sha256 = upstream.index.shards.get(name) ?? "";
    const packed = await fetchShard(around, new URL(`${sha256}.msgpack.zst`, base), sha256, name);
    const shard = await openShard(name, packed);
    skipped += shard.skipped;
    if (shard.records.length === 0) return;
    const versions: Versions = new Map();
    for (const record of shard.records) noteVersion(versions, record);
    const place = {
      offset: await pack.add(shard.packed),
      length: shard.packed.byteLength,
      sha256: shard.packed === packed ? sha256 : sha256Of(shard.packed),
    };
    taken.push({ name, ...inOrder(versions), records: shard.records.length, ...place });
  };
  await Promise.all(
    slice.map((name) =>
      limit(async () => {
        if (failed.signal.aborted) return;
        await takeOne(name).catch((error: unknown) => {
          failed.abort(error);
          throw error;
        });
      }),
    ),
  );
  const stored = await storePack(context, state, pack);
  return { names: taken.map((name) => ({ ...name, pack: stored.digest })), pack: stored, skipped };
}

async function fetchShard(context: RefreshContext, url: URL, sha256: string, name: string): Promise<Buffer> {
  const fetched = await fetchFile(context, url, context.limits.shardBytes);
  if (fetched.kind !== "file") throw new RepodataError(`has no shard of ${name}, which its index names`);
  const packed = await readWhole(fetched.body);
  if (sha256Of(packed) !== sha256) {
    throw new RepodataError(`has a shard of ${name} that is not the one its index names`);
  }
  return packed;
}

function shardsBase(state: RepodataState, { index }: Upstream): URL {
  const base = URL.parse(index.shardsBaseUrl, fileOf(state, ""));
  if (base === null || !/^https?:$/.test(base.protocol)) {
    throw new RepodataError("has an index of shards that does not say where they are");
  }
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return base;
}
