/**
 * What prefetch keeps of each subdir of each channel, and of what the channel says of its packages: which index builds and searches read, and how it went lately.
 * @module
 */
import { createHash } from "node:crypto";

/** Whose an index is. */
export interface RepodataPlace {
  /** The namespace whose credentials it was read with, and who alone may read it; null for a public channel. */
  readonly owner: string | null;
  /** True base address of the channel, without credentials. */
  readonly channel: string;
  /** Or SUMMARIES. */
  readonly subdir: string;
}

/** In a subdir's place: what the channel says of its packages, whatever their subdir. No subdir is called so. */
export const SUMMARIES = "summaries";

/** An index as it lies in the bucket: everything by digest. */
export interface StoredIndex {
  /** Digest of the index of names, or of the summaries. */
  readonly index: string;
  readonly packs: readonly { readonly digest: string; readonly sizeBytes: number }[];
  /** Digest of the channel's index of shards that this one is made from; null where the channel has none. */
  readonly shards: string | null;
  /** The file that was read, below the subdir or the channel, and what its server said of it. */
  readonly file: string;
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly names: number;
  readonly records: number;
  /** Records and names that were left out, because nobody could use them. */
  readonly skipped: number;
  /** ISO times: when the channel was last read whole, and when anything changed. */
  readonly filledAt: string;
  readonly changedAt: string;
}

export interface RepodataState extends RepodataPlace {
  /** Counts changes, so that of two writers one wins. 0: nothing is stored yet. */
  readonly version: number;
  /** What is in force; null before the first success. */
  readonly live: StoredIndex | null;
  /** A change on its way: the next run goes on from here. */
  readonly staged: StoredIndex | null;
  /** The channel has no such subdir. */
  readonly absent: boolean;
  /** ISO times; null for never. */
  readonly knownSince: string | null;
  readonly checkedAt: string | null;
  readonly triedAt: string | null;
  /** Somebody is at it until then, unless they have died. */
  readonly busyUntil: string | null;
  /** Who is at it and reads the channel whole, which takes the most of time and memory. */
  readonly readsWhole:
    | { readonly by: "function"; readonly memoryMb: number }
    | { readonly by: "task" }
    | null;
  /** A function of this memory, or of less, leaves reading it whole to a task; null: none had to. */
  readonly tooLargeForMb: number | null;
  /** Not before. */
  readonly nextAt: string | null;
  /** Failures one after the other. */
  readonly failures: number;
  /** Of the last try, if it failed. */
  readonly error: string | null;
  /** Objects that nobody needs, and since when. */
  readonly garbage: readonly { readonly key: string; readonly since: string }[];
}

export const newState = (place: RepodataPlace): RepodataState => ({
  ...place,
  version: 0,
  live: null,
  staged: null,
  absent: false,
  knownSince: null,
  checkedAt: null,
  triedAt: null,
  busyUntil: null,
  readsWhole: null,
  tooLargeForMb: null,
  nextAt: null,
  failures: 0,
  error: null,
  garbage: [],
});

/** A channel's part of object keys: no two owners share one. */
export const channelKeyOf = ({ owner, channel }: Pick<RepodataPlace, "owner" | "channel">): string =>
  createHash("sha256")
    .update(`${owner ?? ""}\n${channel}`)
    .digest("hex")
    .slice(0, 32);

/** How validators of kept indexes begin, and no channel's do. */
export const KEPT_ETAG = '"kept-';
/** What who reads a kept index is told of which one it was. */
export const keptEtag = ({ index }: Pick<StoredIndex, "index">): string => `${KEPT_ETAG}${index}"`;

/** Seconds since a time; null where there is none. */
export const secondsSince = (time: string | null, at: Date): number | null =>
  time === null ? null : Math.max(0, Math.round((at.getTime() - Date.parse(time)) / 1000));

const RETRY_SECONDS = 60;
const RETRY_SECONDS_MAX = 6 * 3600;

/** Until a failed read is tried again, unless the channel says how long: twice as long each time. */
export const retrySeconds = (failures: number): number =>
  Math.min(RETRY_SECONDS * 2 ** Math.max(0, failures - 1), RETRY_SECONDS_MAX);
