/**
 * Finding packages by name, over the indexes of several channels and of several subdirs of each.
 * @module
 */
import { AppError } from "#core/errors.ts";
import { findSorted, type NameIndex } from "./name-index.ts";

/** One row of a list: a version of a package of a channel, whatever its builds. */
export interface PackageRow {
  readonly channel: string;
  readonly name: string;
  readonly version: string;
  readonly license: string | null;
}

export interface ChannelNames {
  readonly channel: string;
  /** In the order of their texts, each once. */
  readonly names: readonly string[];
  /** How many versions the name at that place has. */
  countAt(at: number): number;
  /** Its versions in the order of their texts, each once, with a licence. */
  versionsAt(at: number): readonly { readonly version: string; readonly license: string | null }[];
}

/** One view over the subdirs of a channel: a name that several have is one name. */
export function channelNames(channel: string, subdirs: readonly NameIndex[]): ChannelNames {
  const [only] = subdirs;
  const names =
    only && subdirs.length === 1
      ? only.names
      : [...new Set(subdirs.flatMap((subdir) => subdir.names))].sort();
  const homes = subdirs.map((subdir) => placesOf(names, subdir.names));
  const counts = new Int32Array(names.length).fill(-1);
  const homesOf = (at: number) =>
    subdirs.flatMap((subdir, number) => {
      const place = homes[number]?.[at] ?? -1;
      return place < 0 ? [] : [{ subdir, place }];
    });
  const versionsAt: ChannelNames["versionsAt"] = (at) => {
    const found = new Map<string, string>();
    for (const { subdir, place } of homesOf(at)) {
      const licenses = subdir.licensesAt(place);
      for (const [number, version] of subdir.versionsAt(place).entries()) {
        if (!found.get(version)) found.set(version, licenses[number] ?? "");
      }
    }
    return [...found]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([version, license]) => ({ version, license: license === "" ? null : license }));
  };
  return {
    channel,
    names,
    versionsAt,
    countAt(at) {
      if (counts[at] === -1) {
        const [home, ...others] = homesOf(at);
        const alone = home !== undefined && others.length === 0;
        counts[at] = alone ? home.subdir.versionsAt(home.place).length : versionsAt(at).length;
      }
      return counts[at] ?? 0;
    },
  };
}

/** Where each of `names` is in `own`, -1 for nowhere: both sorted, `own` a part of `names`. */
function placesOf(names: readonly string[], own: readonly string[]): Int32Array {
  const places = new Int32Array(names.length).fill(-1);
  let next = 0;
  for (let at = 0; at < names.length && next < own.length; at += 1) {
    if (names[at] !== own[next]) continue;
    places[at] = next;
    next += 1;
  }
  return places;
}

const COLUMNS = ["channel", "name", "version"] as const;
type Column = (typeof COLUMNS)[number];
const isColumn = (text: string): text is Column => (COLUMNS as readonly string[]).includes(text);

export interface PackageSearch {
  /** Part of a name; empty for all. */
  readonly search: string;
  /** The whole of it. */
  readonly exact: boolean;
  readonly sortBy: readonly string[];
  readonly order: "asc" | "desc";
  /** One row for each value of these, the first in the order. */
  readonly distinctOn: readonly string[];
  readonly page: number;
  readonly size: number;
}

/** More rows are not sorted by version: that would take longer than anybody waits. */
export const SORTED_ROWS_MAX = 300_000;

/** A package of a channel, by places. */
interface Group {
  readonly channel: ChannelNames;
  readonly at: number;
}

/**
 * One page of the rows that match, and how many match in all.
 * @throws AppError invalid_request for an order that takes too much work
 */
export function searchPackages(
  channels: readonly ChannelNames[],
  search: PackageSearch,
): { readonly rows: readonly PackageRow[]; readonly count: number } {
  const distinct = [...new Set(search.distinctOn.filter(isColumn))];
  const wanted = [...new Set([...search.sortBy.filter(isColumn), ...COLUMNS])];
  const leads = distinct.every((column) => wanted.slice(0, distinct.length).includes(column));
  const keys = leads ? wanted : [...new Set([...distinct, ...wanted])];
  const groups = channels.flatMap((channel) =>
    matchesOf(channel.names, search.search, search.exact).map((at) => ({ channel, at })),
  );
  const from = (search.page - 1) * search.size;
  const isDistinct = distinct.length > 0 && distinct.length < COLUMNS.length;
  if (keys[2] === "version" && !(isDistinct && distinct.includes("version"))) {
    return pageOfGroups(sortGroups(groups, keys, search.order), {
      ...search,
      from,
      distinct: isDistinct ? distinct : null,
    });
  }
  const count = groups.reduce((sum, { channel, at }) => sum + channel.countAt(at), 0);
  if (count > SORTED_ROWS_MAX) {
    throw new AppError(
      "invalid_request",
      `More than ${SORTED_ROWS_MAX} versions match, too many to sort them by version: search for a name.`,
    );
  }
  const sorted = groups.flatMap(rowsOf).sort(comparing(keys, search.order));
  const rows = isDistinct ? firstOfEach(sorted, distinct) : sorted;
  return { rows: rows.slice(from, from + search.size), count: rows.length };
}

/** Places of the names that match, in order. */
function matchesOf(names: readonly string[], search: string, exact: boolean): number[] {
  const text = search.toLowerCase();
  if (exact && text !== "") {
    const at = findSorted(names, text);
    return at < 0 ? [] : [at];
  }
  const found: number[] = [];
  for (let at = 0; at < names.length; at += 1) if (names[at]?.includes(text)) found.push(at);
  return found;
}

const rowsOf = ({ channel, at }: Group): PackageRow[] =>
  channel
    .versionsAt(at)
    .map((version) => ({ channel: channel.channel, name: channel.names[at] ?? "", ...version }));

function comparing(keys: readonly Column[], order: "asc" | "desc"): (a: PackageRow, b: PackageRow) => number {
  const direction = order === "desc" ? -1 : 1;
  return (a, b) => {
    for (const key of keys) if (a[key] !== b[key]) return a[key] < b[key] ? -direction : direction;
    return 0;
  };
}

function firstOfEach(rows: readonly PackageRow[], distinct: readonly Column[]): PackageRow[] {
  const seen = new Set<string>();
  return rows.filter((row) => {
    const value = distinct.map((column) => row[column]).join("\n");
    return !seen.has(value) && seen.add(value);
  });
}

function sortGroups(groups: readonly Group[], keys: readonly Column[], order: "asc" | "desc"): Group[] {
  const compare = comparing(keys.slice(0, 2), order);
  const keyed = groups.map((group) => ({
    group,
    channel: group.channel.channel,
    name: group.channel.names[group.at] ?? "",
    version: "",
    license: null,
  }));
  return keyed.sort(compare).map(({ group }) => group);
}

interface GroupPage {
  readonly from: number;
  readonly size: number;
  readonly order: "asc" | "desc";
  readonly distinct: readonly Column[] | null;
}

/** Only the groups that the page touches are taken apart. */
function pageOfGroups(
  groups: readonly Group[],
  { from, size, order, distinct }: GroupPage,
): { readonly rows: readonly PackageRow[]; readonly count: number } {
  const seen = new Set<string>();
  const kept =
    distinct === null
      ? groups
      : groups.filter(({ channel, at }) => {
          const parts = { channel: channel.channel, name: channel.names[at] ?? "", version: "" };
          const value = distinct.map((column) => parts[column]).join("\n");
          return !seen.has(value) && seen.add(value);
        });
  const rows: PackageRow[] = [];
  let count = 0;
  for (const group of kept) {
    const length = distinct === null ? group.channel.countAt(group.at) : 1;
    if (count + length > from && rows.length < size) {
      const own = rowsOf(group);
      if (order === "desc") own.reverse();
      rows.push(...own.slice(Math.max(0, from - count), length).slice(0, size - rows.length));
    }
    count += length;
  }
  return { rows, count };
}

/** How well a name fits what was typed: the less the better; null when it does not. */
function rankOf(name: string, text: string): number | null {
  const at = name.indexOf(text);
  if (at < 0) return null;
  if (at === 0) return name.length === text.length ? 0 : 1;
  // The beginning of a word inside of it.
  return /[-_.]/.test(name[at - 1] ?? "") ? 2 : 3;
}

/**
 * Names for somebody who types: the name itself, names that begin so, names with a word that does, names that have it anywhere;
 * among those the shorter first, then by text.
 * @param names each once
 */
export function rankNames(names: readonly string[], typed: string, most: number): string[] {
  const text = typed.trim().toLowerCase();
  const found: { readonly name: string; readonly rank: number }[] = [];
  for (const name of names) {
    const rank = rankOf(name, text);
    if (rank !== null) found.push({ name, rank });
  }
  found.sort((a, b) => a.rank - b.rank || a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  return found.slice(0, most).map(({ name }) => name);
}
