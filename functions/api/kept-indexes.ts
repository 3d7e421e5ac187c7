/**
 * The indexes of channels that prefetch keeps, as the API reads them: opened once for each that is in force.
 * @module
 */
import type { Db } from "#adapters/dynamodb/db.ts";
import { listRepodata } from "#adapters/dynamodb/repodata.ts";
import type { Log } from "#adapters/log.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import type { NameIndex } from "#core/repodata/name-index.ts";
import { type ChannelNames, channelNames } from "#core/repodata/search.ts";
import { type RepodataState, SUMMARIES } from "#core/repodata/state.ts";
import type { Summaries } from "#core/repodata/summaries.ts";

export interface KeptIndexes {
  readonly bucket: Bucket;
  /** Of public channels, in the order of their addresses. */
  channels(db: Db): Promise<readonly KeptChannel[]>;
  /** The same, each subdir by itself. */
  subdirs(db: Db): Promise<readonly KeptSubdir[]>;
}

export interface KeptChannel extends ChannelNames {
  /** What it says of a package; null for nothing. Read when somebody asks. */
  summaryOf(name: string): Promise<string | null>;
}

export interface KeptSubdir {
  readonly state: RepodataState;
  /** Digest of the index. */
  readonly digest: string;
  readonly index: NameIndex;
}

/** Remembers what is in force, and nothing else. */
export function openKeptIndexes({
  bucket,
  log,
}: {
  readonly bucket: Bucket;
  readonly log: Log;
}): KeptIndexes {
  const indexes = new Map<string, Promise<NameIndex>>();
  const summaries = new Map<string, Promise<Summaries>>();
  let merged = new Map<string, ChannelNames>();
  const listStates = async (db: Db): Promise<RepodataState[]> => {
    const states = (await listRepodata(db)).filter(({ owner, live }) => owner === null && live !== null);
    const inForce = new Set(states.map(({ live }) => live?.index));
    for (const opened of [indexes, summaries]) {
      for (const digest of opened.keys()) if (!inForce.has(digest)) opened.delete(digest);
    }
    return states;
  };
  const openSubdirs = async (states: readonly RepodataState[]): Promise<KeptSubdir[]> =>
    await Promise.all(
      states.flatMap((state) => {
        if (state.live === null || state.subdir === SUMMARIES) return [];
        const digest = state.live.index;
        const load = async () => (await stored()).loadNameIndex(bucket, state, digest);
        return once(indexes, digest, load).then((index) => ({ state, digest, index }));
      }),
    );
  const openSummaries = async (states: readonly RepodataState[], channel: string) => {
    const state = states.find((one) => one.channel === channel && one.subdir === SUMMARIES);
    const digest = state?.live?.index;
    if (state === undefined || digest === undefined) return null;
    try {
      return await once(summaries, digest, async () => (await stored()).loadSummaries(bucket, state, digest));
    } catch (error) {
      log.warn("what a channel says of its packages cannot be read: lists go without", { channel, error });
      return null;
    }
  };
  return {
    bucket,
    subdirs: async (db) => await openSubdirs(await listStates(db)),
    async channels(db) {
      const states = await listStates(db);
      const found = await openSubdirs(states);
      const views = new Map<string, ChannelNames>();
      for (const channel of [...new Set(found.map(({ state }) => state.channel))].sort()) {
        const own = found.filter(({ state }) => state.channel === channel);
        const key = `${channel} ${own.map(({ digest }) => digest).join(" ")}`;
        const opened = own.map(({ index }) => index);
        views.set(key, merged.get(key) ?? channelNames(channel, opened));
      }
      merged = views;
      return [...views.values()].map((view) => {
        let said: Promise<Summaries | null> | undefined;
        return {
          ...view,
          async summaryOf(name) {
            said ??= openSummaries(states, view.channel);
            return (await said)?.get(name) ?? null;
          },
        };
      });
    },
  };
}

/** Loaded with the first search: most containers serve none. */
const stored = () => import("#adapters/repodata/stored-index.ts");

/** What could not be read is asked for again. */
function once<T>(opened: Map<string, Promise<T>>, digest: string, load: () => Promise<T>): Promise<T> {
  const known = opened.get(digest);
  if (known) return known;
  const begun = load();
  begun.catch(() => opened.delete(digest));
  opened.set(digest, begun);
  return begun;
}
