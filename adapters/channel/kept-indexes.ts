/**
 * Indexes of channels that prefetch has put by, as engines ask for them: then a solve asks no channel.
 * @module
 */
import type { Db } from "#adapters/dynamodb/db.ts";
import { getRepodata } from "#adapters/dynamodb/repodata.ts";
import { decodeShard, SECTIONS, type Section, SHARD_INDEX } from "#adapters/repodata/read-shard.ts";
import { encodeShardIndex } from "#adapters/repodata/shard.ts";
import { loadNameIndex } from "#adapters/repodata/stored-index.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { getRange } from "#adapters/s3/objects.ts";
import type { ChannelKeys } from "#core/channel/credentials.ts";
import { packKey } from "#core/layout.ts";
import type { IndexSource } from "#core/lock/solve-key.ts";
import { RepodataError } from "#core/repodata/limits.ts";
import type { NameIndex, ShardPlace } from "#core/repodata/name-index.ts";
import { isSubdir } from "#core/repodata/record.ts";
import {
  channelKeyOf,
  keptEtag,
  type RepodataState,
  type StoredIndex,
  secondsSince,
} from "#core/repodata/state.ts";

export interface KeptOptions {
  readonly db: Db;
  readonly bucket: Bucket;
  /** Whose build it is: what was read with a namespace's credentials is for its builds alone. */
  readonly namespace: string;
  readonly keys: ChannelKeys;
  /** An index that was not compared with the channel's for longer is not given out. */
  readonly minutesMax: number;
  /** Told once of each subdir where its index comes from. */
  readonly say: (line: string) => void;
}

export interface KeptAnswer {
  readonly status: 200 | 404;
  readonly etag: string | null;
  /** Pieces, of which the first is made before anything is answered; null without content. */
  readonly body: AsyncIterable<Uint8Array> | null;
}

export interface KeptIndexes {
  /** @returns null for what only the channel can answer */
  answer(channel: string, path: string): Promise<KeptAnswer | null>;
  /** Whether a file is what it was; null for what only the channel can tell. */
  isUnchanged(source: IndexSource): Promise<boolean | null>;
}

/** Every name under which channels publish an index. */
const INDEX_FILE = /^(?:current_)?repodata[\w.-]*$/;
const SHARD = /^shards\/([0-9a-f]{64})\.msgpack\.zst$/;
const PLAIN = "repodata.json";

export function openKeptIndexes(options: KeptOptions): KeptIndexes {
  const found = new Map<string, Promise<Subdir | null>>();
  const subdirOf = (channel: string, subdir: string): Promise<Subdir | null> => {
    const key = `${channel} ${subdir}`;
    const known = found.get(key) ?? lookUp(options, channel, subdir);
    found.set(key, known);
    return known;
  };
  return {
    async answer(channel, path) {
      const { subdir, file } = parsePath(path);
      if (!isSubdir(subdir) || !(INDEX_FILE.test(file) || SHARD.test(file))) return null;
      const kept = await subdirOf(channel, subdir);
      if (kept === null) return null;
      try {
        if (kept.live !== null) await kept.index();
      } catch {
        options.say(`${channel}/${subdir}: the kept index cannot be read, the channel is asked`);
        found.set(`${channel} ${subdir}`, Promise.resolve(null));
        return null;
      }
      return await answerFrom(options, kept, file);
    },
    async isUnchanged({ channel, path, status, validator }) {
      const { subdir, file } = parsePath(path);
      if (!isSubdir(subdir) || !INDEX_FILE.test(file)) return null;
      const kept = await subdirOf(channel, subdir);
      if (kept === null) return null;
      if (kept.live === null || !(file === SHARD_INDEX || file === PLAIN)) return status === 404;
      return status === 200 && validator === keptEtag(kept.live);
    },
  };
}

function parsePath(path: string): { readonly subdir: string; readonly file: string } {
  const [, subdir = "", file = ""] = /^([^/]+)\/(.+)$/.exec(path) ?? [];
  return { subdir, file };
}

interface Subdir {
  readonly state: RepodataState;
  /** null: the channel has no such subdir. */
  readonly live: StoredIndex | null;
  /** Read when somebody asks for it. */
  readonly index: () => Promise<Opened>;
}

interface Opened {
  readonly names: NameIndex;
  /** By the shards' digests. */
  readonly places: ReadonlyMap<string, ShardPlace>;
}

/** @returns null when there is nothing that may be used, which is said */
async function lookUp(options: KeptOptions, channel: string, subdir: string): Promise<Subdir | null> {
  const { db, bucket, namespace, keys, minutesMax, say } = options;
  const where = `${channel}/${subdir}`;
  const own = { owner: namespace, channel, subdir };
  // Who has credentials may see more of a channel than everybody.
  const isPrivate = keys.has(new URL(`${where}/${PLAIN}`));
  const states = await getRepodata(db, isPrivate ? [own] : [own, { ...own, owner: null }]);
  const state = states.find(({ owner }) => owner === namespace) ?? states[0];
  const seconds = secondsSince(state?.checkedAt ?? null, new Date());
  const ask = (why: string): null => {
    say(`${where}: ${why}, the channel is asked`);
    return null;
  };
  if (state === undefined || seconds === null) return ask("no index of it is kept");
  const minutes = Math.round(seconds / 60);
  if (seconds > minutesMax * 60) return ask(`the kept index was last compared ${minutes} minutes ago`);
  const { live } = state;
  if (live === null && !state.absent) return ask("no index of it is kept");
  const what = live === null ? "the channel has none" : `${live.records} packages`;
  say(`${where}: kept index, compared with the channel's ${minutes} minutes ago, ${what}`);
  let index: Promise<Opened> | undefined;
  const load = async (): Promise<Opened> => {
    const names = await loadNameIndex(bucket, state, live?.index ?? "");
    const places = names.names.map((_, at) => names.placeAt(at));
    return { names, places: new Map(places.map((place) => [place.sha256, place])) };
  };
  return {
    state,
    live,
    index: () => {
      index ??= load();
      return index;
    },
  };
}

async function answerFrom(options: KeptOptions, kept: Subdir, file: string): Promise<KeptAnswer> {
  const missing: KeptAnswer = { status: 404, etag: null, body: null };
  if (kept.live === null) return missing;
  const etag = keptEtag(kept.live);
  const sha256 = SHARD.exec(file)?.[1];
  if (sha256 !== undefined) {
    const place = (await kept.index()).places.get(sha256);
    if (place === undefined) return missing;
    return { status: 200, etag: `"${sha256}"`, body: once(await readShards(options, kept, place)) };
  }
  const { names } = await kept.index();
  if (file === SHARD_INDEX) {
    const shards = names.names.map(
      (name, at) => [name, Buffer.from(names.placeAt(at).sha256, "hex")] as const,
    );
    return { status: 200, etag, body: once(encodeShardIndex(kept.state.subdir, new Map(shards))) };
  }
  // What can be had by shards is not made again in three other forms.
  return file === PLAIN ? { status: 200, etag, body: plainOf(options, kept, names) } : missing;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function readShards(
  { bucket }: KeptOptions,
  { state }: Subdir,
  { pack, offset, length }: Pick<ShardPlace, "pack" | "offset" | "length">,
): Promise<Buffer> {
  const key = packKey(channelKeyOf(state), state.subdir, pack);
  const bytes = await getRange(bucket, key, { offset, length });
  if (bytes?.byteLength !== length) throw new RepodataError("has lost a part of its stored index");
  return bytes;
}

/** Read at a time: neighbours together. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** Places that lie together, in as few reads as memory allows. */
function windowsOf(names: NameIndex): (readonly ShardPlace[])[] {
  const places = names.names.map((_, at) => names.placeAt(at));
  places.sort((a, b) => (a.pack === b.pack ? a.offset - b.offset : a.pack < b.pack ? -1 : 1));
  const windows: ShardPlace[][] = [];
  for (const place of places) {
    const window = windows.at(-1);
    const first = window?.[0];
    const fits = first?.pack === place.pack && place.offset + place.length - first.offset <= WINDOW_BYTES;
    if (window && fits) window.push(place);
    else windows.push([place]);
  }
  return windows;
}

/** The index as one text, for engines that cannot use shards, or will not: every shard is read for each section. */
async function* plainOf(options: KeptOptions, kept: Subdir, names: NameIndex): AsyncGenerator<Buffer> {
  yield Buffer.from(`{"info":${JSON.stringify({ subdir: kept.state.subdir })}`);
  for (const section of SECTIONS) {
    yield Buffer.from(`,${JSON.stringify(section)}:{`);
    let separator = "";
    for (const window of windowsOf(names)) {
      const text = await textOf(options, kept, window, section);
      if (text === "") continue;
      yield Buffer.from(separator + text);
      separator = ",";
    }
    yield Buffer.from("}");
  }
  yield Buffer.from(',"removed":[],"repodata_version":1}');
}

async function textOf(
  options: KeptOptions,
  kept: Subdir,
  window: readonly ShardPlace[],
  section: Section,
): Promise<string> {
  const [first, last] = [window[0], window.at(-1)];
  if (first === undefined || last === undefined) return "";
  const length = last.offset + last.length - first.offset;
  const bytes = await readShards(options, kept, { ...first, length });
  const members: string[] = [];
  for (const { offset, length: own } of window) {
    const from = offset - first.offset;
    const shard = await decodeShard(bytes.subarray(from, from + own));
    for (const [fileName, record] of Object.entries(shard[section])) {
      members.push(`${JSON.stringify(fileName)}:${JSON.stringify(withHexHashes(record))}`);
    }
  }
  return members.join(",");
}

function withHexHashes(record: unknown): unknown {
  const { sha256, md5, ...rest } = record as Readonly<Record<string, unknown>>;
  const hex = (value: unknown): unknown =>
    value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
  return { ...rest, ...(sha256 ? { sha256: hex(sha256) } : {}), ...(md5 ? { md5: hex(md5) } : {}) };
}
