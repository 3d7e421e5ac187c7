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
  readonly bucket: Bucket;
  /** Of public channels, in the order of their addresses. */
  channels(db: Db): Promise<readonly ChannelNames[]>;
  /** The same, each subdir by itself. */
  subdirs(db: Db): Promise<readonly KeptSubdir[]>;
}

export interface KeptSubdir {
  readonly state: RepodataState;
  /** Digest of the index. */
  readonly digest: string;
  readonly index: NameIndex;
}

/** Remembers what is in force, and nothing else. */
export function openKeptIndexes(bucket: Bucket): KeptIndexes {
  let opened = new Map<string, Promise<NameIndex>>();
  let merged = new Map<string, ChannelNames>();
  const subdirs = async (db: Db): Promise<KeptSubdir[]> => {
    const states = (await listRepodata(db)).filter(({ owner }) => owner === null);
    const next = new Map<string, Promise<NameIndex>>();
    const found = states.flatMap((state) => {
      if (state.live === null) return [];
      const digest = state.live.index;
      const index = opened.get(digest) ?? open(bucket, state, digest);
      // What could not be read is asked for again.
      index.catch(() => opened.delete(digest));
      next.set(digest, index);
      return [{ state, digest, index }];
    });
    opened = next;
    return await Promise.all(found.map(async (one) => ({ ...one, index: await one.index })));
  };
  return {
    bucket,
    subdirs,
    async channels(db) {
      const found = await subdirs(db);
      const views = new Map<string, ChannelNames>();
      for (const channel of [...new Set(found.map(({ state }) => state.channel))].sort()) {
        const own = found.filter(({ state }) => state.channel === channel);
        const key = `${channel} ${own.map(({ digest }) => digest).join(" ")}`;
        const indexes = own.map(({ index }) => index);
        views.set(key, merged.get(key) ?? channelNames(channel, indexes));
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
