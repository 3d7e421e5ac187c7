/**
 * Reading the indexes of channels before anybody asks for them.
 * @module
 */
import { deleteRepodata, listRepodata } from "#adapters/dynamodb/repodata.ts";
import { deleteObject } from "#adapters/s3/objects.ts";
import type { IndexRequest } from "#core/repodata/index-request.ts";
import {
  newState,
  type RepodataPlace,
  type RepodataState,
  SUMMARIES,
  secondsSince,
} from "#core/repodata/state.ts";
import type { PrefetchContext } from "./context.ts";
import { keysOfStored } from "./outcome.ts";
import { readOne, settingsOf } from "./read-one.ts";
import { targetsOf } from "./targets.ts";

/** Of subdirs: that summaries cannot be read is told in their state alone. */
export interface Prefetched {
  readonly changed: number;
  readonly unchanged: number;
  /** Tasks that were started, each to read one subdir. */
  readonly handedOver: number;
  readonly failed: number;
  /** Subdirs that were not looked at: not yet time, or somebody else is at it. */
  readonly left: number;
  /** Of the channel that was longest not found to be as its stored index says; 0 when there is none. */
  readonly oldestSeconds: number;
}

/** One run. @throws when table or bucket do not answer; the next run makes it good */
export async function prefetch(context: PrefetchContext, request: IndexRequest): Promise<Prefetched> {
  const { db, clock } = context;
  const settings = await settingsOf(context);
  const states = await listRepodata(db);
  const targets = targetsOf(settings, context.privateChannels);
  const isSame = (a: RepodataPlace) => (b: RepodataPlace) =>
    a.owner === b.owner && a.channel === b.channel && a.subdir === b.subdir;
  const counts = { changed: 0, unchanged: 0, handedOver: 0, failed: 0, left: 0 };
  let oldestSeconds = 0;
  for (const target of targets) {
    const state = states.find(isSame(target)) ?? newState(target);
    const isAsked = request.channel === undefined || request.channel === target.channel;
    const outcome =
      isAsked && !context.signal.aborted && isFree(state, clock(), request.now)
        ? await readOne(context, settings, state, request.believeLoss)
        : null;
    // Builds and searches do without what is said of packages.
    if (target.subdir === SUMMARIES) continue;
    counts[outcome?.kind ?? "left"] += 1;
    const { checkedAt, knownSince } = outcome?.state ?? state;
    oldestSeconds = Math.max(oldestSeconds, secondsSince(checkedAt ?? knownSince, clock()) ?? 0);
  }
  for (const state of states) if (!targets.some(isSame(state))) await forget(context, state);
  return { ...counts, oldestSeconds };
}

function isFree({ busyUntil, nextAt }: RepodataState, at: Date, now: boolean): boolean {
  const passed = (time: string | null): boolean => time === null || Date.parse(time) <= at.getTime();
  return passed(busyUntil) && (now || passed(nextAt));
}

/** A channel that is not configured any more: what was kept of it goes with its entry. */
async function forget(context: PrefetchContext, state: RepodataState): Promise<void> {
  const { db, bucket } = context;
  if (!isFree(state, context.clock(), true) || !(await deleteRepodata(db, state))) return;
  const stored = [state.live, state.staged].flatMap((one) => (one ? keysOfStored(state, one) : []));
  for (const key of new Set([...stored, ...state.garbage.map((one) => one.key)])) {
    await deleteObject(bucket, key);
  }
  context.log.info("a channel is no longer kept", { channel: state.channel, subdir: state.subdir });
}
