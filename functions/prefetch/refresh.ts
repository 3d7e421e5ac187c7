/**
 * One subdir of one channel: what the channel has now, stored and put in force; or nothing changed at all.
 * @module
 */
import { type FetchedFile, fetchFile, readWhole } from "#adapters/repodata/fetch-file.ts";
import { fillPack } from "#adapters/repodata/fill.ts";
import { decodeShardIndex, SHARD_INDEX, type ShardIndex } from "#adapters/repodata/read-shard.ts";
import { storeNameIndex } from "#adapters/repodata/stored-index.ts";
import { sha256Of, unpackStream } from "#adapters/repodata/unpack.ts";
import { putObject } from "#adapters/s3/objects.ts";
import { shardIndexKey } from "#core/layout.ts";
import { RepodataError } from "#core/repodata/limits.ts";
import {
  channelKeyOf,
  type RepodataPlace,
  type RepodataState,
  type StoredIndex,
} from "#core/repodata/state.ts";
import { type Delta, readDelta, takeChanges } from "./delta.ts";
import { fileOf, mustNotBeLost, type RefreshContext, storePack, type Upstream, withPack } from "./parts.ts";

/** What came of it. */
export type Refreshed =
  | { readonly kind: "unchanged" }
  | { readonly kind: "absent" }
  | { readonly kind: "changed"; readonly live: StoredIndex; readonly how: "whole" | "shards" };

/** The best first; bz2 is not among them, since whoever has it has the plain one too. */
const WHOLE_FILES = ["repodata.json.zst", "repodata.json"] as const;
/** After that long a channel is read whole again, whatever its shards say. */
const WHOLE_DAYS = 7;
/** Where more of the names than this have changed, one file is faster than their shards. */
const CHANGED_SHARE_MAX = 0.3;
/** So few are never too many. */
const CHANGED_FEW = 100;
/** Packs beyond this are written as one again. */
const PACKS_MAX = 200;
/** @throws RepodataError for a channel that cannot be used as it is now */
export async function refresh(context: RefreshContext, state: RepodataState): Promise<Refreshed> {
  const { live } = state;
  const isDue = live !== null && age(context, live.filledAt) < WHOLE_DAYS * 86_400;
  const known = live?.file === SHARD_INDEX && isDue ? live : null;
  const sharded = await fetchFile(context, fileOf(state, SHARD_INDEX), context.limits.shardIndexBytes, known);
  if (sharded.kind === "unchanged") return { kind: "unchanged" };
  if (sharded.kind === "missing") return await readUnsharded(context, state);
  const packed = await readWhole(sharded.body);
  const digest = sha256Of(packed);
  if (live !== null && isDue && live.shards === digest) {
    return { kind: "changed", how: "shards", live: { ...live, ...sharded.validator } };
  }
  const index = await decodeShardIndex(packed);
  mustBeBeside(state, index);
  await storeShardIndex(context, state, digest, packed);
  const upstream = { index, digest, validator: sharded.validator };
  const delta = isDue ? await readDelta(context, state, upstream) : null;
  if (delta !== null && isWorthIt(delta)) {
    return { kind: "changed", how: "shards", live: await takeChanges(context, state, delta) };
  }
  const whole = await readWholeFile(context, state, null, upstream);
  if (whole.kind !== "absent") return whole;
  const all = await readDelta(context, { ...state, live: null }, upstream);
  if (all === null) throw new RepodataError("has neither shards nor repodata.json");
  return { kind: "changed", how: "shards", live: await takeChanges(context, state, all) };
}

const age = ({ clock }: RefreshContext, since: string): number =>
  (clock().getTime() - Date.parse(since)) / 1000;

const isWorthIt = ({ changed, names, before }: Delta): boolean =>
  changed.length <= Math.max(CHANGED_FEW, CHANGED_SHARE_MAX * names) &&
  (before?.packs.length ?? 0) < PACKS_MAX;

/** @throws RepodataError for files that lie elsewhere: what builds fetch of them would not be this channel's. */
function mustBeBeside(place: RepodataPlace, { baseUrl }: ShardIndex): void {
  const here = fileOf(place, "").href;
  const base = URL.parse(baseUrl, here)?.href.replace(/\/*$/, "/");
  if (base !== here) throw new RepodataError("says that its packages lie at another address");
}

/** A channel without shards. */
async function readUnsharded(context: RefreshContext, state: RepodataState): Promise<Refreshed> {
  const whole = await readWholeFile(context, state, state.live, null);
  if (whole.kind === "absent" && state.live !== null && !context.believeLoss) {
    throw new RepodataError("has no index any more: refresh it by hand with believe_loss if that is meant");
  }
  return whole;
}

/** @param known what was read the last time; a file of another name is asked for whatever it is */
async function readWholeFile(
  context: RefreshContext,
  state: RepodataState,
  known: StoredIndex | null,
  upstream: Upstream | null,
): Promise<Refreshed> {
  for (const file of WHOLE_FILES) {
    const validator = known?.file === file && known.shards === null ? known : null;
    const fetched = await fetchFile(context, fileOf(state, file), context.limits.compressedBytes, validator);
    if (fetched.kind === "unchanged") return fetched;
    if (fetched.kind === "missing") continue;
    try {
      await context.beforeWhole();
    } catch (error) {
      fetched.discard();
      throw error;
    }
    return await storeWhole(context, state, file, fetched, upstream);
  }
  return { kind: "absent" };
}

async function storeWhole(
  context: RefreshContext,
  state: RepodataState,
  file: string,
  fetched: Extract<FetchedFile, { readonly kind: "file" }>,
  upstream: Upstream | null,
): Promise<Refreshed> {
  const { limits } = context;
  const text = file.endsWith(".zst") ? unpackStream(fetched.body, limits.textBytes) : fetched.body;
  return await withPack(async (pack) => {
    const filled = await fillPack(text, pack, limits);
    mustNotBeLost(context, state, filled.records);
    const { digest, sizeBytes } = await storePack(context, state, pack);
    const names = filled.names.map((name) => ({ ...name, pack: digest }));
    const at = context.clock().toISOString();
    const stored: StoredIndex = {
      index: await storeNameIndex(context.bucket, state, names),
      packs: sizeBytes === 0 ? [] : [{ digest, sizeBytes }],
      shards: upstream?.digest ?? null,
      file: upstream === null ? file : SHARD_INDEX,
      ...(upstream?.validator ?? fetched.validator),
      names: names.length,
      records: filled.records,
      skipped: filled.skipped + (upstream?.index.skipped ?? 0),
      filledAt: at,
      changedAt: at,
    };
    return { kind: "changed", how: "whole", live: stored };
  });
}

async function storeShardIndex(
  { bucket }: RefreshContext,
  place: RepodataPlace,
  digest: string,
  packed: Buffer,
): Promise<void> {
  const key = shardIndexKey(channelKeyOf(place), place.subdir, digest);
  await putObject(bucket, key, packed, { contentType: "application/zstd", onlyIfAbsent: true });
}
