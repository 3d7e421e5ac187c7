/**
 * Reading shards and the index of shards (CEP 16). Apart from making them, since most who read make none.
 * @module
 */
import { decode } from "@msgpack/msgpack";
import { REPODATA_LIMITS, RepodataError, type RepodataLimits } from "#core/repodata/limits.ts";
import { isPackageName } from "#core/repodata/record.ts";
import { unpackWhole } from "./unpack.ts";

/** What channels call the index of their shards. */
export const SHARD_INDEX = "repodata_shards.msgpack.zst";

/** The parts of an index with package files, by the format of those. */
export const SECTIONS = ["packages", "packages.conda"] as const;
export type Section = (typeof SECTIONS)[number];

export type Loose = Readonly<Record<string, unknown>>;

/**
 * @param textBytesMax of the shard unpacked
 * @returns records by file name. @throws RepodataError
 */
export async function decodeShard(
  packed: Uint8Array,
  textBytesMax: number = REPODATA_LIMITS.shardTextBytes,
): Promise<Readonly<Record<Section, Loose>>> {
  const shard = decodeMap(await unpackWhole(packed, textBytesMax), "a shard");
  const { packages = {}, "packages.conda": conda = {} } = shard;
  if (!isMap(packages) || !isMap(conda)) throw new RepodataError("has a shard that is none");
  return { packages, "packages.conda": conda };
}

/** Which shard each name has. */
export interface ShardIndex {
  /** Where the files are, against the index's own address; empty for beside it. */
  readonly baseUrl: string;
  readonly shardsBaseUrl: string;
  /** By name: 64 hexadecimal digits. */
  readonly shards: ReadonlyMap<string, string>;
  /** Names that no package can have, left out. */
  readonly skipped: number;
}

/** @throws RepodataError for what is no index of shards */
export async function decodeShardIndex(
  packed: Uint8Array,
  limits: RepodataLimits = REPODATA_LIMITS,
): Promise<ShardIndex> {
  const index = decodeMap(await unpackWhole(packed, limits.shardIndexTextBytes), "an index of shards");
  const { info = {}, shards } = index;
  if (!isMap(info) || !isMap(shards)) throw new RepodataError("has an index of shards that is none");
  const { base_url: baseUrl = "", shards_base_url: shardsBaseUrl = "" } = info;
  if (typeof baseUrl !== "string" || typeof shardsBaseUrl !== "string") {
    throw new RepodataError("has an index of shards that does not say where they are");
  }
  const found = new Map<string, string>();
  let skipped = 0;
  for (const [name, hash] of Object.entries(shards)) {
    if (isPackageName(name) && hash instanceof Uint8Array && hash.byteLength === 32) {
      found.set(name, Buffer.from(hash).toString("hex"));
    } else skipped += 1;
  }
  if (found.size > limits.names) throw new RepodataError(`has more than ${limits.names} names`);
  return { baseUrl, shardsBaseUrl, shards: found, skipped };
}

const isMap = (value: unknown): value is Loose =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

function decodeMap(text: Uint8Array, what: string): Loose {
  let value: unknown;
  try {
    value = decode(text);
  } catch (error) {
    throw new RepodataError(`has ${what} that is no msgpack`, { cause: error });
  }
  if (!isMap(value)) throw new RepodataError(`has ${what} that is none`);
  return value;
}
