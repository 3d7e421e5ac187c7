/**
 * What a run leaves in a subdir's entry: how it began, and how it ended.
 * @module
 */
import { deleteObject } from "#adapters/s3/objects.ts";
import { nameIndexKey, packKey, shardIndexKey } from "#core/layout.ts";
import {
  channelKeyOf,
  type RepodataPlace,
  type RepodataState,
  retrySeconds,
  type StoredIndex,
} from "#core/repodata/state.ts";
import { BUSY_MS, busyFrom, type Claim } from "./claim.ts";
import type { ReaderContext } from "./context.ts";
import type { Refreshed } from "./refresh.ts";

/** Whoever reads what has just been replaced may go on for that long. */
const GARBAGE_MS = 2 * 3_600_000;

/** A run that begins. Who never ended the one before was killed, and may be killed again: then the channel waits for longer each time. */
export function begun(known: RepodataState, at: Date): RepodataState {
  const now = at.toISOString();
  const state = {
    ...known,
    knownSince: known.knownSince ?? now,
    triedAt: now,
    busyUntil: busyFrom(at),
    readsWhole: null,
  };
  if (known.busyUntil === null) return state;
  const failures = known.failures + 1;
  const nextAt = new Date(at.getTime() + BUSY_MS + retrySeconds(failures) * 1000).toISOString();
  const { readsWhole } = known;
  const tooLargeForMb = readsWhole?.by === "function" ? readsWhole.memoryMb : known.tooLargeForMb;
  return { ...state, failures, tooLargeForMb, error: howItDied(known), nextAt };
}

function howItDied({ readsWhole }: RepodataState): string {
  if (readsWhole === null) return "The function that read it ended without a word.";
  return readsWhole.by === "function"
    ? "The function that read it ended without a word, as one does that has no memory left: a task reads it from now on."
    : "The task that was to read it ended without a word, as one does that has no memory left: its log may say more.";
}

/** What is in force from here on. */
export function after(state: RepodataState, result: Refreshed, at: Date): RepodataState {
  const ok = { nextAt: null, failures: 0, error: null, checkedAt: at.toISOString() };
  const tooLargeForMb = state.readsWhole?.by === "function" ? null : state.tooLargeForMb;
  const ended = { ...state, ...ok, busyUntil: null, readsWhole: null, tooLargeForMb };
  if (result.kind === "unchanged") return ended;
  const live = result.kind === "changed" ? result.live : null;
  const kept = new Set(live ? keysOfStored(state, live) : []);
  const since = at.toISOString();
  const garbage = [state.live, state.staged]
    .flatMap((old) => (old ? keysOfStored(state, old) : []))
    .filter((key) => !kept.has(key));
  const known = state.garbage.filter(({ key }) => !kept.has(key) && !garbage.includes(key));
  return {
    ...ended,
    live,
    staged: null,
    absent: live === null,
    garbage: [...known, ...[...new Set(garbage)].map((key) => ({ key, since }))],
  };
}

/** Every object of an index. */
export function keysOfStored(place: RepodataPlace, { index, packs, shards }: StoredIndex): string[] {
  const channel = channelKeyOf(place);
  return [
    nameIndexKey(channel, place.subdir, index),
    ...packs.map(({ digest }) => packKey(channel, place.subdir, digest)),
    ...(shards === null ? [] : [shardIndexKey(channel, place.subdir, shards)]),
  ];
}

/** Removes what nobody can be reading any more. @throws Overtaken */
export async function cleaned(
  { bucket, clock }: ReaderContext,
  claim: Claim,
  state: RepodataState,
): Promise<RepodataState> {
  const isOld = ({ since }: { readonly since: string }): boolean =>
    clock().getTime() - Date.parse(since) >= GARBAGE_MS;
  const old = state.garbage.filter(isOld);
  // Whoever has the entry by now may have put it in force again.
  if (old.length > 0) await claim.change({});
  for (const { key } of old) await deleteObject(bucket, key);
  return { ...state, garbage: state.garbage.filter((one) => !isOld(one)) };
}
