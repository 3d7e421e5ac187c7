import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeNameIndex, type IndexedName, openNameIndex } from "#core/repodata/name-index.ts";
import {
  channelNames,
  type PackageRow,
  type PackageSearch,
  rankNames,
  searchPackages,
} from "#core/repodata/search.ts";

const place = { pack: "a".repeat(64), offset: 7, length: 9, sha256: "b".repeat(64) };
const named = (name: string, versions: readonly string[], license = "MIT"): IndexedName => ({
  ...place,
  name,
  versions: [...versions].sort(),
  licenses: versions.map(() => license),
  records: versions.length,
});
const indexOf = (...names: readonly IndexedName[]) => openNameIndex(encodeNameIndex("noarch", names));

const NAMES = ["numpy", "numpy-base", "py-numpy", "pandas", "xnumpyx", "c++", "a.b", "scikit-learn"];
const names = fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 6 });
const versions = fc.uniqueArray(fc.constantFrom("1.0", "1.10", "1.9", "2.0", "2.0a1"), {
  minLength: 1,
  maxLength: 4,
});
const subdirs = fc.array(
  fc.array(fc.tuple(fc.constantFrom(...NAMES), versions), { maxLength: 5 }).map((pairs) => new Map(pairs)),
  { minLength: 1, maxLength: 2 },
);
const stores = fc.dictionary(fc.constantFrom("https://a/x", "https://b/y", "https://c/z"), subdirs);
const column = fc.constantFrom("channel", "name", "version", "build");
const searches = fc.record({
  search: fc.constantFrom("", "num", "NumPy", "py", "c++", ".*", "(", "数", "none"),
  exact: fc.boolean(),
  sortBy: fc.array(column, { maxLength: 3 }),
  order: fc.constantFrom("asc" as const, "desc" as const),
  distinctOn: fc.array(column, { maxLength: 3 }),
  page: fc.integer({ min: 1, max: 4 }),
  size: fc.integer({ min: 1, max: 7 }),
});

/** The same by taking everything apart, sorting it and counting. */
function naive(
  store: Readonly<Record<string, readonly ReadonlyMap<string, readonly string[]>[]>>,
  { search, exact, sortBy, order, distinctOn, page, size }: PackageSearch,
): { rows: PackageRow[]; count: number } {
  const columns = ["channel", "name", "version"] as const;
  const isColumn = (one: string): one is (typeof columns)[number] => columns.some((each) => each === one);
  const all = new Map<string, PackageRow>();
  for (const [channel, parts] of Object.entries(store)) {
    for (const part of parts) {
      for (const [name, own] of part) {
        for (const version of own) {
          all.set(`${channel} ${name} ${version}`, { channel, name, version, license: "MIT" });
        }
      }
    }
  }
  const text = search.toLowerCase();
  const matching = [...all.values()].filter(({ name }) =>
    exact && text !== "" ? name === text : name.includes(text),
  );
  const distinct = [...new Set(distinctOn.filter(isColumn))];
  const wanted = [...new Set([...sortBy.filter(isColumn), ...columns])];
  const leads = distinct.every((one) => wanted.slice(0, distinct.length).includes(one));
  const keys = leads ? wanted : [...new Set([...distinct, ...wanted])];
  const sign = order === "desc" ? -1 : 1;
  matching.sort((a, b) => {
    for (const key of keys) if (a[key] !== b[key]) return a[key] < b[key] ? -sign : sign;
    return 0;
  });
  const seen = new Set<string>();
  const rows = matching.filter((row) => {
    if (distinct.length === 0) return true;
    const value = distinct.map((one) => row[one]).join("\n");
    return seen.has(value) ? false : seen.add(value).size > 0;
  });
  return { rows: rows.slice((page - 1) * size, page * size), count: rows.length };
}

describe("a search", () => {
  it("gives the page and the count that taking everything apart gives", () => {
    fc.assert(
      fc.property(stores, searches, (store, search) => {
        const channels = Object.keys(store)
          .sort()
          .map((channel) =>
            channelNames(
              channel,
              (store[channel] ?? []).map((part) => indexOf(...[...part].map((one) => named(...one)))),
            ),
          );
        expect(searchPackages(channels, search)).toEqual(naive(store, search));
      }),
    );
  });
});

describe("names for somebody who types", () => {
  it("come in the order of how well they fit, then the shorter first", () => {
    expect(
      rankNames(["xnumpyx", "py-numpy", "numpy-base", "numpydoc", "numpy", "pandas"], "NumPy", 10),
    ).toEqual(["numpy", "numpydoc", "numpy-base", "py-numpy", "xnumpyx"]);
  });

  it("are as many as are wanted, and nothing in what is typed is special", () => {
    expect(rankNames(NAMES, "", 2)).toHaveLength(2);
    expect(rankNames(NAMES, ".*", 9)).toEqual([]);
    expect(rankNames(NAMES, "c++", 9)).toEqual(["c++"]);
    expect(rankNames(NAMES, "数学", 9)).toEqual([]);
    expect(rankNames(NAMES, "x".repeat(10_000), 9)).toEqual([]);
  });
});

describe("an index of names", () => {
  it("opens as what it was made of, in the order of names", () => {
    fc.assert(
      fc.property(names, versions, (list, own) => {
        const entries = list.map((name, number) => ({ ...named(name, own), offset: number * 10 }));
        const index = indexOf(...entries);
        expect(index.names).toEqual([...list].sort());
        for (const entry of entries) expect(index.at(index.find(entry.name))).toEqual(entry);
        expect(index.find("no such name")).toBe(-1);
        expect(index.records).toBe(list.length * own.length);
      }),
    );
  });

  it("keeps licences that differ between versions, on one line each", () => {
    const licenses = ["MIT\nor not", "BSD", ""];
    const index = indexOf({ ...named("a", ["1", "2", "3"]), licenses });
    expect(index.licensesAt(0)).toEqual(["MIT or not", "BSD", ""]);
  });

  it.each([new Uint8Array(0), Uint8Array.of(1, 2, 3), Uint8Array.of(9, 0, 0, 0, 1, 2, 3, 4)])(
    "that is damaged is refused: %j",
    (bytes) => {
      expect(() => openNameIndex(bytes)).toThrow(/damaged|columns/);
    },
  );
});
