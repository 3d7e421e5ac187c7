/**
 * Making shards: all files of one package name, as channels publish them and engines read them (CEP 16): msgpack, then zstd.
 * @module
 */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { Encoder } from "@msgpack/msgpack";
import { type PackageRecord, readRecord } from "#core/repodata/record.ts";
import { decodeShard, type Loose, SECTIONS, type Section } from "./read-shard.ts";

/** Files of one section, as pairs of msgpack one behind the other. */
export interface Pairs {
  readonly count: number;
  readonly bytes: Uint8Array;
}

export const NO_PAIRS: Pairs = { count: 0, bytes: new Uint8Array(0) };

const encoder = new Encoder({ ignoreUndefined: true });
const HASHES = ["sha256", "md5"] as const;

/** A file's name and record; hashes become bytes, as shards have them. The record given is changed. */
export function encodePair(fileName: string, record: Readonly<Record<string, unknown>>): Uint8Array[] {
  const changed = record as Record<string, unknown>;
  for (const hash of HASHES) {
    const value = changed[hash];
    if (typeof value === "string") changed[hash] = Buffer.from(value, "hex");
  }
  return [encoder.encode(fileName), encoder.encode(changed)];
}

/** The largest of msgpack's three heads of a map does for the others. */
function mapHead(count: number): Buffer {
  const head = Buffer.alloc(5);
  head[0] = 0xdf;
  head.writeUInt32BE(count, 1);
  return head;
}

const HEAD = Buffer.concat([Buffer.from([0x83]), encoder.encode(SECTIONS[0])]);
const BETWEEN = Buffer.from(encoder.encode(SECTIONS[1]));
const END = Buffer.concat([encoder.encode("removed"), Buffer.from([0x90])]);

/** @returns the shard, packed */
export function encodeShard(sections: Readonly<Record<Section, Pairs>>): Buffer {
  const { packages, "packages.conda": conda } = sections;
  const text = [
    HEAD,
    mapHead(packages.count),
    packages.bytes,
    BETWEEN,
    mapHead(conda.count),
    conda.bytes,
    END,
  ];
  return zstdCompressSync(Buffer.concat(text), { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
}

/** Packs pairs that wait for the others of their name: little work, little memory. */
export const packPairs = (bytes: Uint8Array): Buffer =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
export const unpackPairs = (packed: Uint8Array): Buffer => zstdDecompressSync(packed);

export interface OpenedShard {
  /** In the order of the shard; what may not be used is left out. */
  readonly records: readonly PackageRecord[];
  /** Files that were left out. */
  readonly skipped: number;
  /** The shard as builds may have it: as it came, unless something was left out. */
  readonly packed: Buffer;
}

/**
 * Checks a shard of a name.
 * @throws RepodataError for what is no shard
 */
export async function openShard(name: string, packed: Buffer): Promise<OpenedShard> {
  const shard = await decodeShard(packed);
  const records: PackageRecord[] = [];
  const kept = { packages: [] as Uint8Array[], "packages.conda": [] as Uint8Array[] };
  const counts = { packages: 0, "packages.conda": 0 };
  let skipped = 0;
  for (const section of SECTIONS) {
    for (const [fileName, value] of Object.entries(shard[section])) {
      const record = readRecord(fileName, value);
      if (record?.name !== name) skipped += 1;
      else {
        records.push(record);
        counts[section] += 1;
      }
    }
  }
  if (skipped === 0) return { records, skipped, packed };
  for (const section of SECTIONS) {
    for (const [fileName, value] of Object.entries(shard[section])) {
      if (readRecord(fileName, value)?.name === name)
        kept[section].push(...encodePair(fileName, value as Loose));
    }
  }
  const pairs = (section: Section): Pairs => ({
    count: counts[section],
    bytes: Buffer.concat(kept[section]),
  });
  return {
    records,
    skipped,
    packed: encodeShard({ packages: pairs("packages"), "packages.conda": pairs("packages.conda") }),
  };
}

/** The index that engines are given: shards and files lie beside it. */
export function encodeShardIndex(subdir: string, shards: ReadonlyMap<string, Uint8Array>): Buffer {
  const info = { subdir, base_url: "", shards_base_url: "./shards/" };
  return zstdCompressSync(encoder.encode({ info, shards: Object.fromEntries(shards) }));
}
