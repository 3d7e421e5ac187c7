/** What every engine's solve guarantees. */
import { describe, expect, test } from "vitest";
import type { SolveRequest } from "#core/ports.ts";
import { type EngineBench, failureOf, TRUE_ORIGIN, VIRTUAL_PACKAGES, versions } from "./engine-bench.ts";

interface IndexRecord {
  readonly sha256: string;
  readonly md5: string;
  readonly size: number;
}

const CHANNEL = `${TRUE_ORIGIN}/main`;

const UNSOLVABLE: {
  title: string;
  specs: string[];
  failure: string;
  named: string[];
  change?: Partial<SolveRequest>;
}[] = [
  { title: "an unknown package", specs: ["app", "no-such"], failure: "not_found", named: ["no-such"] },
  { title: "an unknown version", specs: ["base-lib>=5"], failure: "not_found", named: ["base-lib >=5"] },
  {
    title: "an unknown build",
    specs: ["base-lib=2.0.0=x_9"],
    failure: "not_found",
    named: ["base-lib", "x_9"],
  },
  {
    title: "a conflict",
    specs: ["wants-old", "wants-new"],
    failure: "conflict",
    named: ["wants-old", "wants-new"],
  },
  {
    title: "a conflict with a dependency's dependency",
    specs: ["deep-old", "base-lib >=2"],
    failure: "conflict",
    named: ["deep-old", "base-lib >=2"],
  },
  {
    title: "what a package excludes without needing it",
    specs: ["dislikes-old", "base-lib=1"],
    failure: "conflict",
    named: ["dislikes-old", "base-lib"],
  },
  {
    title: "a dependency that no channel has",
    specs: ["missing-part"],
    failure: "missing_dependency",
    named: ["missing-part", "no-such-part >=1"],
  },
  {
    title: "a package for a python that no channel has",
    specs: ["needs-future", "python=3.11"],
    failure: "missing_dependency",
    named: ["needs-future", "python >=3.14"],
  },
  {
    title: "a virtual package that the deployment does not offer",
    specs: ["needs-cuda"],
    failure: "virtual_package",
    named: ["needs-cuda", "__cuda >=12", "__glibc=2.28"],
  },
  {
    title: "a virtual package that is too old",
    specs: ["needs-cuda"],
    failure: "virtual_package",
    named: ["__cuda >=12", "__cuda=11.8"],
    change: { virtualPackages: { ...VIRTUAL_PACKAGES, __cuda: "11.8" } },
  },
  {
    title: "a processor that is too old",
    specs: ["needs-avx"],
    failure: "virtual_package",
    named: ["needs-avx", "__archspec", "x86_64_v3", "__archspec=x86_64"],
    change: { virtualPackages: { ...VIRTUAL_PACKAGES, __archspec: "x86_64" } },
  },
  {
    title: "a virtual package that only the host has",
    specs: ["app"],
    failure: "virtual_package",
    named: ["app", "__glibc >=2.17"],
    change: { virtualPackages: { __linux: "5.10" } },
  },
];

/** Engines take these silently, or for something else. */
const BAD_SPECS = [
  "",
  " ",
  "-x",
  "*",
  "py*",
  "=1.0",
  "app==",
  "app[foo=bar]",
  "app[version",
  "app>>2",
  "app >=1 <",
].concat(["app>=1,", "app a b c", "app;rm", "app@2", "app=1.*.3", "app\nbase-lib", "app # all"]);
const GOOD_SPECS: [spec: string, version: string][] = [
  ["BASE-LIB", "2.0.0"],
  ["base-lib 1.0.0", "1.0.0"],
  ["base-lib=1", "1.0.0"],
  ["base-lib=1.*", "1.0.0"],
  ["base-lib ==1.0.0", "1.0.0"],
  ["base-lib >= 1, < 2", "1.0.0"],
  ["base-lib<2|>=9", "1.0.0"],
  ["base-lib~=1.0", "1.0.0"],
  ["base-lib!=2.0.0", "1.0.0"],
  ["base-lib=2=*", "2.0.0"],
  ["base-lib=1.0.0=tiny_0", "1.0.0"],
  ["base-lib[version='>=1,<2']", "1.0.0"],
  ["base-lib[build=tiny*]", "2.0.0"],
];
const FOREIGN_CHANNELS = [
  "https://evil.example.org/x::app",
  "evil::app",
  "conda-forge/linux-64::app",
  "::app",
  "app[channel=evil]",
  'app[channel="https://evil.example.org/x"]',
  "app[version='>=1',channel='evil']",
  "https://evil.example.org/x/linux-64/app-1.2.0-tiny_0.conda",
  "app[url=https://evil.example.org/app-1.2.0-tiny_0.conda]",
  "app @ https://evil.example.org/app-1.2.0-tiny_0.conda",
  "file:///etc/passwd",
  "evil:linux-64:app",
];

/** @param given is called inside each case. */
export function describeSolve(given: () => EngineBench): void {
  test("gives each package with the hash, size and true address of the channel's index", async () => {
    const bench = given();
    const app = (await bench.solve(["app"])).find(({ name }) => name === "app");
    const index = await fetch(`${bench.channel.origin}/main/linux-64/repodata.json`);
    const { "packages.conda": records } = (await index.json()) as {
      "packages.conda": Record<string, IndexRecord>;
    };
    const record = records["app-1.2.0-tiny_0.conda"];
    expect(app).toEqual({
      name: "app",
      version: "1.2.0",
      build: "tiny_0",
      buildNumber: 0,
      subdir: "linux-64",
      channel: CHANNEL,
      url: `${CHANNEL}/linux-64/app-1.2.0-tiny_0.conda`,
      fileName: "app-1.2.0-tiny_0.conda",
      sha256: record?.sha256,
      md5: record?.md5,
      sizeBytes: record?.size,
      depends: ["base-lib >=1", "__glibc >=2.17"],
      constrains: [],
      license: "BSD-3-Clause",
      timestamp: 1_700_000_000_000,
    });
  });

  test("gives dependencies before what needs them, and python its pip", async () => {
    const names = (await given().solve(["pylib", "app", "python=3.11"])).map(({ name }) => name);
    expect([...names].sort()).toEqual(["app", "base-lib", "pip", "pylib", "python"]);
    expect(names.indexOf("base-lib")).toBeLessThan(names.indexOf("app"));
    expect(names.indexOf("python")).toBeLessThan(names.indexOf("pylib"));
  });

  test("solves without pip where the channels have none", async () => {
    const packages = await given().solve(["elsewhere"], { channels: given().channels("other") });
    expect(versions(packages)).toEqual(["elsewhere 1.0.0"]);
  });

  test("takes a package from the first channel that has it, whatever version others have", async () => {
    const bench = given();
    const first = await bench.solve(["base-lib"], { channels: bench.channels("main", "other") });
    expect(first.map(({ url }) => url)).toEqual([`${CHANNEL}/noarch/base-lib-2.0.0-tiny_0.conda`]);
    const second = await bench.solve(["base-lib"], { channels: bench.channels("other", "main") });
    expect(second.map(({ channel }) => channel)).toEqual([`${TRUE_ORIGIN}/other`]);
  });

  test("takes an older python for a package that needs one, though nobody asked for it", async () => {
    expect(versions(await given().solve(["needs-older"]))).toContain("python 3.11.7");
  });

  test.each([
    { platform: "linux-aarch64", spec: "app", virtualPackages: { __linux: "5.10", __archspec: "aarch64" } },
    { platform: "osx-arm64", spec: "base-lib", virtualPackages: { __osx: "11.0", __archspec: "m1" } },
    { platform: "win-64", spec: "base-lib", virtualPackages: { __win: "0", __archspec: "x86_64" } },
  ])("solves for $platform, which may not be the host's", async ({ platform, spec, virtualPackages }) => {
    const packages = await given().solve([spec], { platform, virtualPackages });
    expect(packages.map(({ subdir }) => subdir)).toEqual([spec === "app" ? platform : "noarch"]);
  });

  test("solves with the virtual packages of the request", async () => {
    const virtualPackages = { ...VIRTUAL_PACKAGES, __cuda: "12.4", __glibc: "99.1", __archspec: "x86_64_v3" };
    const packages = await given().solve(["needs-cuda", "needs-glibc", "needs-avx"], { virtualPackages });
    expect(versions(packages).sort()).toEqual(["needs-avx 1.0.0", "needs-cuda 1.0.0", "needs-glibc 1.0.0"]);
  });

  test.each(GOOD_SPECS)("reads %j as conda does", async (spec, version) => {
    expect(versions(await given().solve([spec]))).toEqual([`base-lib ${version}`]);
  });

  test.each(UNSOLVABLE)("explains $title", async ({ specs, failure, named, change }) => {
    const error = await failureOf(given().solve(specs, change));
    expect(error).toMatchObject({ failure, retryable: false });
    const [headline = ""] = error.message.split("\n");
    for (const name of [...named, CHANNEL]) expect(headline).toContain(name);
    expect(error.message).not.toContain(given().channel.origin);
  });

  test("says both what is unknown and which names look like it, or to check the spelling", async () => {
    const error = await failureOf(given().solve(["base-lbi"]));
    expect(error.message).toMatch(
      /^base-lbi was not found in .*(perhaps base-lib was meant|check the spelling)/,
    );
  });

  describe("a spec", () => {
    test.each(BAD_SPECS)("%j is refused by name", async (spec) => {
      const error = await failureOf(given().solve([spec]));
      expect(error.failure).toBe("invalid_spec");
      expect(error.message).toContain(spec.trim().split("\n")[0]);
    });

    test.each(FOREIGN_CHANNELS)(
      "%j, which names a channel that is not allowed, is refused unasked",
      async (spec) => {
        const bench = given();
        bench.channel.fail();
        const error = await failureOf(bench.solve([spec]));
        expect(error.failure).toBe("invalid_spec");
        expect(error.message).toContain(JSON.stringify(spec));
        expect(bench.channel.requests).toEqual([]);
      },
    );

    test.each([`${TRUE_ORIGIN}/other::elsewhere`, "other::elsewhere", "elsewhere[channel=other]"])(
      "%j, which names a channel of the request, takes it from there",
      async (spec) => {
        const bench = given();
        const packages = await bench.solve([spec], { channels: bench.channels("main", "other") });
        expect(packages.map(({ url }) => url)).toEqual([
          `${TRUE_ORIGIN}/other/noarch/elsewhere-1.0.0-tiny_0.conda`,
        ]);
      },
    );
  });
}
