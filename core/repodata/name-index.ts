/**
 * The index of one subdir of a channel: its names in order, with versions, licences, and where each name's shard lies. One file of
 * columns, so that opening it costs no more than cutting a few texts.
 * @module
 */
import { RepodataError } from "./limits.ts";

/** Where a shard lies: bytes of one of the packs. */
export interface ShardPlace {
  /** Digest of the pack, 64 hexadecimal digits. */
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
  /** Of the shard's own bytes, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** All that the index knows of a name. */
export interface IndexedName extends ShardPlace {
  readonly name: string;
  /** In the order of their texts, each once. */
  readonly versions: readonly string[];
  /** For each version, of one of its builds; empty where none is known. */
  readonly licenses: readonly string[];
  /** Files: every build of every version. */
  readonly records: number;
}

export interface NameIndex {
  readonly subdir: string;
  /** Digests of the packs that shards lie in. */
  readonly packs: readonly string[];
  /** In the order of their texts. */
  readonly names: readonly string[];
  /** Of all names. */
  readonly records: number;
  /** @param at place of a name in `names` */
  versionsAt(at: number): readonly string[];
  licensesAt(at: number): readonly string[];
  recordsAt(at: number): number;
  placeAt(at: number): ShardPlace;
  /** Everything of the name there. */
  at(at: number): IndexedName;
  /** Place of a name; -1 for none. */
  find(name: string): number;
}

/** Raised when the columns change. */
const FORMAT = 1;
const WIDTHS = { records: 4, pack: 2, offset: 4, length: 4, sha256: 32 } as const;

/** @param entries in any order, each name once. @returns the columns, not compressed */
export function encodeNameIndex(subdir: string, entries: readonly IndexedName[]): Uint8Array {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  const packs = [...new Set(sorted.map(({ pack }) => pack))];
  if (packs.length > 0xffff) throw new RangeError("an index has no room for more than 65535 packs");
  const packNumber = new Map(packs.map((pack, number) => [pack, number]));
  const count = sorted.length;
  const numbers = {
    records: Buffer.alloc(count * WIDTHS.records),
    pack: Buffer.alloc(count * WIDTHS.pack),
    offset: Buffer.alloc(count * WIDTHS.offset),
    length: Buffer.alloc(count * WIDTHS.length),
    sha256: Buffer.alloc(count * WIDTHS.sha256),
  };
  for (const [at, entry] of sorted.entries()) {
    numbers.records.writeUInt32LE(entry.records, at * WIDTHS.records);
    numbers.pack.writeUInt16LE(packNumber.get(entry.pack) ?? 0, at * WIDTHS.pack);
    numbers.offset.writeUInt32LE(entry.offset, at * WIDTHS.offset);
    numbers.length.writeUInt32LE(entry.length, at * WIDTHS.length);
    numbers.sha256.write(entry.sha256, at * WIDTHS.sha256, "hex");
  }
  const head = { format: FORMAT, subdir, packs, records: sorted.reduce((sum, one) => sum + one.records, 0) };
  const lines = (line: (entry: IndexedName) => string): Buffer => Buffer.from(sorted.map(line).join("\n"));
  return joinColumns([
    Buffer.from(JSON.stringify(head)),
    lines(({ name }) => name),
    lines(({ versions }) => versions.join(" ")),
    lines(({ licenses }) => oneForAll(licenses.map(onOneLine)).join("\t")),
    ...Object.values(numbers),
  ]);
}

/** Most names have one licence in all their versions. */
const oneForAll = (texts: readonly string[]): readonly string[] =>
  texts.every((text) => text === texts[0]) ? texts.slice(0, 1) : texts;

const LICENSE_LENGTH_MAX = 200;
const onOneLine = (text: string): string => text.replace(/\p{Cc}+/gu, " ").slice(0, LICENSE_LENGTH_MAX);

/** @throws RepodataError for what is no index of this format */
export function openNameIndex(bytes: Uint8Array): NameIndex {
  const columns = splitColumns(bytes);
  const [head, names, versions, licenses, records, pack, offset, length, sha256] = columns;
  if (!head || !names || !versions || !licenses || !records || !pack || !offset || !length || !sha256) {
    throw new RepodataError("a stored index has too few columns");
  }
  const { format, subdir, packs, records: all } = JSON.parse(head.toString("utf8")) as Head;
  if (format !== FORMAT) throw new RepodataError(`a stored index has the format ${format}, not ${FORMAT}`);
  const count = records.byteLength / WIDTHS.records;
  const nameList = linesOf(names, count);
  // Only a list of names touches every line of these.
  let versionLines: readonly string[] | undefined;
  let licenseLines: readonly string[] | undefined;
  const opened: NameIndex = {
    subdir,
    packs,
    names: nameList,
    records: all,
    versionsAt(at) {
      versionLines ??= linesOf(versions, count);
      return (versionLines[at] ?? "").split(" ");
    },
    licensesAt(at) {
      licenseLines ??= linesOf(licenses, count);
      const found = (licenseLines[at] ?? "").split("\t");
      return found.length === 1 ? opened.versionsAt(at).map(() => found[0] ?? "") : found;
    },
    recordsAt: (at) => records.readUInt32LE(at * WIDTHS.records),
    placeAt: (at) => ({
      pack: packs[pack.readUInt16LE(at * WIDTHS.pack)] ?? "",
      offset: offset.readUInt32LE(at * WIDTHS.offset),
      length: length.readUInt32LE(at * WIDTHS.length),
      sha256: sha256.toString("hex", at * WIDTHS.sha256, (at + 1) * WIDTHS.sha256),
    }),
    at: (at) => ({
      name: nameList[at] ?? "",
      versions: opened.versionsAt(at),
      licenses: opened.licensesAt(at),
      records: opened.recordsAt(at),
      ...opened.placeAt(at),
    }),
    find: (name) => findSorted(nameList, name),
  };
  return opened;
}

interface Head {
  readonly format: number;
  readonly subdir: string;
  readonly packs: readonly string[];
  readonly records: number;
}

const linesOf = (column: Buffer, count: number): string[] =>
  count === 0 ? [] : column.toString("utf8").split("\n");

/** Place of a text in a sorted list; -1 when it is not there. */
export function findSorted(texts: readonly string[], wanted: string): number {
  let [low, high] = [0, texts.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const text = texts[middle] ?? "";
    if (text === wanted) return middle;
    if (text < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Their number, their lengths, themselves. */
function joinColumns(columns: readonly Buffer[]): Buffer {
  const lengths = Buffer.alloc(4 * (columns.length + 1));
  lengths.writeUInt32LE(columns.length, 0);
  for (const [number, column] of columns.entries())
    lengths.writeUInt32LE(column.byteLength, 4 * (number + 1));
  return Buffer.concat([lengths, ...columns]);
}

function splitColumns(bytes: Uint8Array): Buffer[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = all.byteLength < 4 ? 0 : all.readUInt32LE(0);
  if (count > 100 || all.byteLength < 4 * (count + 1)) throw new RepodataError("a stored index is damaged");
  const columns: Buffer[] = [];
  let from = 4 * (count + 1);
  for (let number = 0; number < count; number += 1) {
    const length = all.readUInt32LE(4 * (number + 1));
    columns.push(all.subarray(from, from + length));
    from += length;
  }
  if (from !== all.byteLength) throw new RepodataError("a stored index is damaged");
  return columns;
}
