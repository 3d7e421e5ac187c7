/**
 * Reading the indexes of channels before anybody asks for them. Every run may be repeated, raced or killed: what is in force
 * changes by one conditional write, from one whole index to another.
 * @module
 */
import { AwsError } from "#adapters/aws-json.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import { deleteRepodata, listRepodata, putRepodata } from "#adapters/dynamodb/repodata.ts";
import { getSettingsLayers } from "#adapters/dynamodb/settings.ts";
import type { Log } from "#adapters/log.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { deleteObject } from "#adapters/s3/objects.ts";
import { readChannelSecret } from "#adapters/secrets/channel-secret.ts";
import { type ChannelKeys, openChannelKeys, parseChannelCredentials } from "#core/channel/credentials.ts";
import { channelSecretName, nameIndexKey, packKey, shardIndexKey } from "#core/layout.ts";
import { redact } from "#core/redact.ts";
import type { IndexRequest } from "#core/repodata/index-request.ts";
import { RepodataError, type RepodataLimits } from "#core/repodata/limits.ts";
import type { PrivateChannels } from "#core/repodata/private-channels.ts";
import {
  channelKeyOf,
  newState,
  type RepodataPlace,
  type RepodataState,
  retrySeconds,
  type StoredIndex,
  SUMMARIES,
  secondsSince,
} from "#core/repodata/state.ts";
import { layerSettings } from "#core/settings/scope.ts";
import type { Settings } from "#core/settings/settings.ts";
import { type Refreshed, refresh } from "./refresh.ts";
import { refreshSummaries } from "./summaries.ts";
import { targetsOf } from "./targets.ts";

export interface PrefetchContext {
  readonly db: Db;
  readonly bucket: Bucket;
  /** The deployment's. */
  readonly settings: Settings;
  readonly privateChannels: PrivateChannels;
  readonly allowPrivateHosts: readonly string[];
  /** Names of the secrets with credentials of channels begin so. */
  readonly channelSecrets: string;
  readonly limits: RepodataLimits;
  readonly clock: () => Date;
  readonly log: Log;
  /** Aborts when there is no time left. */
  readonly signal: AbortSignal;
}

/** Of subdirs: that summaries cannot be read is told in their state alone. */
export interface Prefetched {
  readonly changed: number;
  readonly unchanged: number;
  readonly failed: number;
  /** Subdirs that were not looked at: not yet time, or somebody else is at it. */
  readonly left: number;
  /** Of the channel that was longest not found to be as its stored index says; 0 when there is none. */
  readonly oldestSeconds: number;
}

/** A subdir that nobody finished is anybody's after that long: the time that a function may take. */
const BUSY_MS = 15 * 60_000;
/** Whoever reads what has just been replaced may go on for that long. */
const GARBAGE_MS = 2 * 3_600_000;

/** One run. @throws when table or bucket do not answer; the next run makes it good */
export async function prefetch(context: PrefetchContext, request: IndexRequest): Promise<Prefetched> {
  const { db, clock } = context;
  const { settings } = layerSettings(context.settings, await getSettingsLayers(db, { kind: "global" }));
  const states = await listRepodata(db);
  const targets = targetsOf(settings, context.privateChannels);
  const isSame = (a: RepodataPlace) => (b: RepodataPlace) =>
    a.owner === b.owner && a.channel === b.channel && a.subdir === b.subdir;
  const counts = { changed: 0, unchanged: 0, failed: 0, left: 0 };
  let oldestSeconds = 0;
  for (const target of targets) {
    const state = states.find(isSame(target)) ?? newState(target);
    const isAsked = request.channel === undefined || request.channel === target.channel;
    const outcome =
      isAsked && !context.signal.aborted && isFree(state, clock(), request.now)
        ? await readOne(context, settings, state, request)
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

interface Outcome {
  readonly kind: "changed" | "unchanged" | "failed";
  readonly state: RepodataState;
}

/** @returns null when somebody else is at it, or was first */
async function readOne(
  context: PrefetchContext,
  settings: Settings,
  known: RepodataState,
  { believeLoss }: IndexRequest,
): Promise<Outcome | null> {
  const { db, clock } = context;
  let state = await putRepodata(db, begun(known, clock()));
  if (state === null) return null;
  const place = { channel: known.channel, subdir: known.subdir, owner: known.owner };
  const log = context.log.with(place);
  const startedAt = performance.now();
  try {
    const keys = await keysOf(context, settings, known.owner);
    const stage = async (staged: StoredIndex): Promise<void> => {
      const stored = state && (await putRepodata(db, { ...state, staged }));
      if (stored === null) throw new Overtaken();
      state = stored;
    };
    const read = known.subdir === SUMMARIES ? refreshSummaries : refresh;
    const result = await read({ ...context, keys, believeLoss, stage }, state);
    const ended = await putRepodata(db, await cleaned(context, after(state, result, clock())));
    if (ended === null) throw new Overtaken();
    const seconds = Math.round(performance.now() - startedAt) / 1000;
    log.info(`read: ${result.kind}`, { seconds, ...(result.kind === "changed" ? { how: result.how } : {}) });
    return { kind: result.kind === "changed" ? "changed" : "unchanged", state: ended };
  } catch (error) {
    if (error instanceof Overtaken) return null;
    const failures = state.failures + 1;
    const reason = reasonOf(error, context.signal);
    const wait = (error instanceof RepodataError && error.retryAfterSeconds) || retrySeconds(failures);
    const nextAt = new Date(clock().getTime() + wait * 1000).toISOString();
    const failed = { ...state, busyUntil: null, failures, nextAt, error: reason };
    log.warn("the index of a channel could not be read", { reason, failures, error });
    return { kind: "failed", state: (await putRepodata(db, failed)) ?? failed };
  }
}

/** A run that begins. Who never ended the one before was killed, and may be killed again: then the channel waits for longer each time. */
function begun(known: RepodataState, at: Date): RepodataState {
  const later = (milliseconds: number): string => new Date(at.getTime() + milliseconds).toISOString();
  const state = {
    ...known,
    knownSince: known.knownSince ?? later(0),
    triedAt: later(0),
    busyUntil: later(BUSY_MS),
  };
  if (known.busyUntil === null) return state;
  const failures = known.failures + 1;
  return { ...state, failures, error: KILLED, nextAt: later(BUSY_MS + retrySeconds(failures) * 1000) };
}

const KILLED =
  "The function that read it ended without a word, as one does that has no memory left: the channel may be too large for it.";

/** Somebody else has written in between: what they did counts. */
class Overtaken extends Error {}

function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return "It took longer than a function may run.";
  if (error instanceof RepodataError) return `The channel ${redact(error.message)}.`;
  return "Something went wrong that is not the channel's fault: the log of the function has it.";
}

/** What is in force from here on. */
function after(state: RepodataState, result: Refreshed, at: Date): RepodataState {
  const ok = { busyUntil: null, nextAt: null, failures: 0, error: null, checkedAt: at.toISOString() };
  if (result.kind === "unchanged") return { ...state, ...ok };
  const live = result.kind === "changed" ? result.live : null;
  const kept = new Set(live ? keysOfStored(state, live) : []);
  const since = at.toISOString();
  const garbage = [state.live, state.staged]
    .flatMap((old) => (old ? keysOfStored(state, old) : []))
    .filter((key) => !kept.has(key));
  const known = state.garbage.filter(({ key }) => !kept.has(key) && !garbage.includes(key));
  return {
    ...state,
    ...ok,
    live,
    staged: null,
    absent: live === null,
    garbage: [...known, ...[...new Set(garbage)].map((key) => ({ key, since }))],
  };
}

function keysOfStored(place: RepodataPlace, { index, packs, shards }: StoredIndex): string[] {
  const channel = channelKeyOf(place);
  return [
    nameIndexKey(channel, place.subdir, index),
    ...packs.map(({ digest }) => packKey(channel, place.subdir, digest)),
    ...(shards === null ? [] : [shardIndexKey(channel, place.subdir, shards)]),
  ];
}

/** Removes what nobody can be reading any more. */
async function cleaned({ bucket, clock }: PrefetchContext, state: RepodataState): Promise<RepodataState> {
  const isOld = ({ since }: { readonly since: string }): boolean =>
    clock().getTime() - Date.parse(since) >= GARBAGE_MS;
  for (const { key } of state.garbage.filter(isOld)) await deleteObject(bucket, key);
  return { ...state, garbage: state.garbage.filter((one) => !isOld(one)) };
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

async function keysOf(
  { db, channelSecrets, allowPrivateHosts }: PrefetchContext,
  { conda_channel_alias: alias }: Settings,
  owner: string | null,
): Promise<ChannelKeys> {
  if (owner === null) return openChannelKeys({}, alias, allowPrivateHosts);
  const text = await readChannelSecret(db.client, channelSecretName(channelSecrets, owner)).catch(
    (error: unknown) => {
      if (!(error instanceof AwsError)) throw error;
      throw new RepodataError(`needs the credentials of ${owner}, which cannot be read`, { cause: error });
    },
  );
  if (text === null) throw new RepodataError(`needs credentials, and ${owner} has none`);
  try {
    return openChannelKeys(parseChannelCredentials(text), alias, allowPrivateHosts);
  } catch (error) {
    throw new RepodataError(`needs the credentials of ${owner}, which cannot be used`, { cause: error });
  }
}
