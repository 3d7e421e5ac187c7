import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Client } from "#core/contract/client.ts";
import { allPackages, compareVersions, type Package, packageChanges, requestedOf } from "#ui/packages.ts";

const pkg = (name: string, version: string, channel = "conda-forge"): Package => ({
  id: 1,
  channel: { id: 1, name: channel, last_update: null },
  license: null,
  name,
  version,
  summary: null,
  subdir: "noarch",
  size: 1,
});

describe("what a specification asks for", () => {
  it("is known by name, whatever the spelling: channel, bounds, extras, pip's lists", () => {
    const asked = requestedOf([
      "python=3.12",
      "conda-forge::numpy >=2,<3",
      "Scikit_Learn[extra]==1",
      { pip: ["Flask>=3", "-r more.txt", "my.package @ https://example.org/x.whl"] },
    ]);

    expect([...asked]).toEqual([
      ["python", "python=3.12"],
      ["numpy", "conda-forge::numpy >=2,<3"],
      ["scikit-learn", "Scikit_Learn[extra]==1"],
      ["flask", "Flask>=3"],
      ["my-package", "my.package @ https://example.org/x.whl"],
    ]);
  });

  it.each([[undefined], [null], ["numpy"], [{ pip: "x" }], [[null, 1, {}, { pip: null }]]])(
    "is nothing in %j, and no fault",
    (dependencies) => expect(requestedOf(dependencies).size).toBe(0),
  );
});

describe("versions", () => {
  it.each([
    ["1.9", "1.10"],
    ["2024a", "2024b"],
    ["1.0rc1", "1.0"],
    ["1.0", "1.0.1"],
    ["3.12.1", "3.12.10"],
  ])("%s is before %s", (a, b) => {
    expect(compareVersions(a, b)).toBe(-1);
    expect(compareVersions(b, a)).toBe(1);
  });

  it("1.0 and 1.0.0 are one", () => expect(compareVersions("1.0", "1.0.0")).toBe(0));
});

describe("what changed between builds", () => {
  it("has each package once, as added, removed, newer, older or from another channel", () => {
    const before = [pkg("a", "1"), pkg("b", "2"), pkg("c", "1.10"), pkg("d", "1"), pkg("same", "1")];
    const after = [pkg("b", "3"), pkg("c", "1.9"), pkg("d", "1", "other"), pkg("e", "1"), pkg("same", "1")];

    expect(packageChanges(before, after).map(({ name, kind }) => [name, kind])).toEqual([
      ["a", "removed"],
      ["b", "up"],
      ["c", "down"],
      ["d", "changed"],
      ["e", "added"],
    ]);
  });

  it("is the reverse the other way round, and nothing between a build and itself", () => {
    const packages = fc.uniqueArray(
      fc.record({ name: fc.constantFrom(..."abcdef"), version: fc.constantFrom("1", "1.2", "2.0rc1", "2") }),
      { selector: ({ name }) => name },
    );
    const kinds = { added: "removed", removed: "added", up: "down", down: "up", changed: "changed" };
    fc.assert(
      fc.property(packages, packages, (left, right) => {
        const [a, b] = [left, right].map((each) => each.map(({ name, version }) => pkg(name, version)));
        const there = packageChanges(a ?? [], b ?? []);
        const back = packageChanges(b ?? [], a ?? []);

        expect(back.map(({ name, kind }) => [name, kind])).toEqual(
          there.map(({ name, kind }) => [name, kinds[kind]]),
        );
        expect(packageChanges(a ?? [], a ?? [])).toEqual([]);
      }),
    );
  });
});

describe("all packages of a build", () => {
  it("are read page by page in their order, and a refusal on the way is the answer", async () => {
    const rows = Array.from({ length: 950 }, (_, index) => pkg(`p${index}`, "1"));
    const client = (refusedPage: number): Client =>
      (async (_route: unknown, input: { query: { page: string } }) => {
        const page = Number(input.query.page);
        if (page === refusedPage) return { ok: false, status: 500 };
        return { ok: true, value: { data: rows.slice((page - 1) * 100, page * 100), count: rows.length } };
      }) as unknown as Client;

    const all = await allPackages(client(0), 1);
    expect(all.ok && all.value.map(({ name }) => name)).toEqual(rows.map(({ name }) => name));
    expect(await allPackages(client(7), 1)).toMatchObject({ ok: false, status: 500 });
  });
});
