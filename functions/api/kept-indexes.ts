/**
 * The indexes of channels that prefetch keeps, as the API reads them: opened once for each that is in force.
 * @module
 */
import type { Db } from "#adapters/dynamodb/db.ts";
import { listRepodata } from "#adapters/dynamodb/repodata.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import type { NameIndex } from "#core/repodata/name-index.ts";
import { type ChannelNames, channelNames } from "#core/repodata/search.ts";
import type { RepodataState } from "#core/repodata/state.ts";

export interface KeptIndexes {
  /** Of public channels, in the order of their addresses. */
  channels(db: Db): Promise<readonly ChannelNames[]>;
}

/** Remembers what is in force, and nothing else. */
export function openKeptIndexes(bucket: Bucket): KeptIndexes {
  let opened = new Map<string, Promise<NameIndex>>();
  let merged = new Map<string, ChannelNames>();
  return {
    async channels(db) {
      const states = (await listRepodata(db)).filter(({ owner, live }) => owner === null && live !== null);
      const next = new Map<string, Promise<NameIndex>>();
      for (const state of states) {
        const digest = state.live?.index ?? "";
        const index = opened.get(digest) ?? open(bucket, state, digest);
        // What could not be read is asked for again.
        index.catch(() => opened.delete(digest));
        next.set(digest, index);
      }
      opened = next;
      const views = new Map<string, ChannelNames>();
      for (const channel of [...new Set(states.map((state) => state.channel))].sort()) {
        const digests = states
          .filter((state) => state.channel === channel)
          .map(({ live }) => live?.index ?? "");
        const key = `${channel} ${digests.join(" ")}`;
        const indexes = await Promise.all(digests.map((digest) => next.get(digest)));
        const known = merged.get(key);
        views.set(
          key,
          known ??
            channelNames(
              channel,
              indexes.filter((index) => index !== undefined),
            ),
        );
      }
      merged = views;
      return [...views.values()];
    },
  };
}

/** Loaded with the first search: most containers serve none. */
async function open(bucket: Bucket, state: RepodataState, digest: string): Promise<NameIndex> {
  const { loadNameIndex } = await import("#adapters/repodata/stored-index.ts");
  return await loadNameIndex(bucket, state, digest);
}
