/**
 * From a channel's whole index to shards: read as a stream, so that memory holds what is packed and no more.
 * @module
 */
import { REPODATA_LIMITS, RepodataError, type RepodataLimits } from "#core/repodata/limits.ts";
import type { IndexedName } from "#core/repodata/name-index.ts";
import { type PackageRecord, readRecord } from "#core/repodata/record.ts";
import { openScanner } from "#core/repodata/scan.ts";
import type { PackFile } from "./pack-file.ts";
import { SECTIONS, type Section } from "./read-shard.ts";
import { encodePair, encodeShard, type Pairs, packPairs, unpackPairs } from "./shard.ts";
import { sha256Of } from "./unpack.ts";

/** A name of an index whose pack is not closed yet. */
export type FilledName = Omit<IndexedName, "pack">;

export interface Filled {
  readonly names: readonly FilledName[];
  readonly records: number;
  readonly skipped: number;
}

/** Versions of a name with a licence of each. */
export type Versions = Map<string, string>;

interface Gathered {
  readonly versions: Versions;
  /** Packed pairs of each section, in pieces: a name's files need not stand together. */
  readonly parts: { readonly section: Section; readonly count: number; readonly packed: Buffer }[];
  records: number;
}

/**
 * Reads an index's text, checks every record, and writes one shard for each name.
 * @throws RepodataError for what is no index, or has no end
 */
export async function fillPack(
  text: AsyncIterable<Uint8Array>,
  pack: PackFile,
  limits: RepodataLimits = REPODATA_LIMITS,
): Promise<Filled> {
  const scanner = openScanner(new Set(SECTIONS), limits.recordBytes);
  const names = new Map<string, Gathered>();
  let run = { name: "", section: "", count: 0, bytes: [] as Uint8Array[] };
  let [records, skipped] = [0, 0];
  const endRun = (): void => {
    const gathered = names.get(run.name);
    if (gathered === undefined || run.count === 0) return;
    const { count, bytes } = run;
    gathered.parts.push({ section: run.section as Section, count, packed: packPairs(Buffer.concat(bytes)) });
    gathered.records += count;
  };
  for await (const piece of text) {
    for (const { section, key, value } of scanner.push(piece)) {
      const record = readRecord(key, value);
      if (record === null) {
        skipped += 1;
        continue;
      }
      records += 1;
      if (records > limits.records) throw new RepodataError(`has more than ${limits.records} records`);
      if (record.name !== run.name || section !== run.section) {
        endRun();
        run = { name: record.name, section, count: 0, bytes: [] };
      }
      noteVersion(gatheredOf(names, record.name, limits.names).versions, record);
      run.bytes.push(...encodePair(key, value as Record<string, unknown>));
      run.count += 1;
    }
  }
  scanner.end();
  endRun();
  const filled: FilledName[] = [];
  for (const [name, { versions, parts, records: count }] of names) {
    const shard = encodeShard({
      packages: joined(parts, "packages"),
      "packages.conda": joined(parts, "packages.conda"),
    });
    const offset = await pack.add(shard);
    const place = { offset, length: shard.byteLength, sha256: sha256Of(shard) };
    filled.push({ name, ...inOrder(versions), records: count, ...place });
    // Two forms of everything need not be kept.
    parts.length = 0;
  }
  return { names: filled, records, skipped };
}

function gatheredOf(names: Map<string, Gathered>, name: string, most: number): Gathered {
  const known = names.get(name);
  if (known) return known;
  if (names.size >= most) throw new RepodataError(`has more than ${most} names`);
  const made = { versions: new Map(), parts: [], records: 0 };
  names.set(name, made);
  return made;
}

function joined(parts: Gathered["parts"], section: Section): Pairs {
  const own = parts.filter((part) => part.section === section);
  const count = own.reduce((sum, part) => sum + part.count, 0);
  return { count, bytes: Buffer.concat(own.map(({ packed }) => unpackPairs(packed))) };
}

export function noteVersion(versions: Versions, { version, license }: PackageRecord): void {
  if (license !== null || !versions.has(version)) versions.set(version, license ?? "");
}

/** As the index has them. */
export function inOrder(versions: Versions): Pick<IndexedName, "versions" | "licenses"> {
  const sorted = [...versions.keys()].sort();
  return { versions: sorted, licenses: sorted.map((version) => versions.get(version) ?? "") };
}
