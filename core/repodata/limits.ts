/**
 * What of a channel's index is taken, and when it is refused.
 * @module
 */

const MEBIBYTE = 1024 * 1024;

/** The largest channels have a tenth of these. Whoever sends more is mistaken, or means harm. */
export const REPODATA_LIMITS = {
  /** Of one file as it is sent. */
  compressedBytes: 1024 * MEBIBYTE,
  /** Of one file's text. */
  textBytes: 8192 * MEBIBYTE,
  /** Of what it says of its packages as it is sent, of what it says of one, and of the part that is kept, in characters. */
  channelDataBytes: 512 * MEBIBYTE,
  channelDataEntryBytes: 16 * MEBIBYTE,
  summaryLength: 16 * MEBIBYTE,
  /** Of one package's entry. */
  recordBytes: MEBIBYTE,
  names: 500_000,
  records: 5_000_000,
  /** Of a shard as it is sent, and unpacked: shards of 48 MB exist. */
  shardBytes: 64 * MEBIBYTE,
  shardTextBytes: 256 * MEBIBYTE,
  /** Of the index of the shards, likewise. */
  shardIndexBytes: 64 * MEBIBYTE,
  shardIndexTextBytes: 128 * MEBIBYTE,
} as const;
export type RepodataLimits = { readonly [K in keyof typeof REPODATA_LIMITS]: number };

/** A channel's index that cannot be used. The message is for the operator: it names no credential. */
export class RepodataError extends Error {
  /** Seconds that the channel asked to be left alone. */
  readonly retryAfterSeconds: number | null;

  constructor(message: string, options: ErrorOptions & { readonly retryAfterSeconds?: number | null } = {}) {
    super(message, options);
    this.name = "RepodataError";
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}
