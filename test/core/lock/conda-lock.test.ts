import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dependencyMap, renderCondaLock } from "#core/lock/conda-lock.ts";
import type { Lock, LockedPackage, LockedPipPackage } from "#core/lock/lock.ts";
import { dependencyName, inInstallOrder } from "#core/lock/order.ts";
import { packageAddress, parseCondaLock } from "#core/lock/parse-conda-lock.ts";
import { reuseKeyOf } from "#core/lock/reuse-key.ts";

const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const nameText = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,12}$/);
const versionText = fc.stringMatching(/^[0-9]{1,2}\.[0-9]{1,2}$/);

const condaPackage = fc
  .record({
    name: nameText,
    version: versionText,
    buildNumber: fc.integer({ min: 0, max: 99 }),
    subdir: fc.constantFrom("linux-64", "noarch"),
    extension: fc.constantFrom("conda", "tar.bz2"),
    sha256: hex(64),
    md5: fc.option(hex(32)),
    wants: fc.dictionary(nameText, fc.constantFrom("", ">=1.0", ">=1.0,<2.0a0", "1.0 h123_0"), {
      maxKeys: 4,
    }),
  })
  .map(({ extension, wants, ...item }): LockedPackage => {
    const build = `h1_${item.buildNumber}`;
    const fileName = `${item.name}-${item.version}-${build}.${extension}`;
    const channel = "https://example.org/main";
    const depends = Object.entries(wants).map(([name, version]) => (version ? `${name} ${version}` : name));
    return {
      ...item,
      build,
      fileName,
      channel,
      url: `${channel}/${item.subdir}/${fileName}`,
      sizeBytes: 0,
      depends: depends.sort(),
      constrains: [],
      license: null,
      timestamp: null,
    };
  });
const pipPackage = fc.record<LockedPipPackage>({
  name: nameText,
  version: versionText,
  url: nameText.map((name) => `https://example.org/files/${name}-1.0-py3-none-any.whl`),
  sha256: hex(64),
  depends: fc.uniqueArray(nameText, { maxLength: 3 }).map((names) => names.sort()),
});
const unique = <T extends { readonly name: string }>(item: fc.Arbitrary<T>, minLength: number) =>
  fc.uniqueArray(item, { minLength, maxLength: 12, selector: ({ name }) => name });
/** pip packages need pip. */
const withPip = (lock: Lock): Lock => {
  const [first, ...rest] = lock.packages;
  if (first === undefined || lock.pipPackages.length === 0) return lock;
  return { ...lock, packages: [{ ...first, name: "pip" }, ...rest.filter(({ name }) => name !== "pip")] };
};
const lockOf: fc.Arbitrary<Lock> = fc
  .record({
    platform: fc.constant("linux-64"),
    channels: fc.constant(["https://example.org/main"]),
    virtualPackages: fc.dictionary(fc.constantFrom("__glibc", "__linux", "__cuda"), versionText),
    packages: unique(condaPackage, 1),
    pipPackages: unique(pipPackage, 0),
  })
  .map(withPip);

describe("a lock as a conda-lock v1 file", () => {
  it("comes back from its own text as the same lock, in install order", async () => {
    await fc.assert(
      fc.property(lockOf, (lock) => {
        const back = parseCondaLock(JSON.parse(renderCondaLock(lock).text), lock.platform);
        expect(back).toEqual({
          ...lock,
          packages: inInstallOrder(lock.packages),
          pipPackages: inInstallOrder(lock.pipPackages),
        });
        expect(renderCondaLock(back)).toEqual(renderCondaLock(lock));
      }),
    );
  });

  it("has one digest and one text whatever order the engine gave the packages in", async () => {
    await fc.assert(
      fc.property(lockOf, fc.infiniteStream(fc.nat()), (lock, numbers) => {
        const shuffled = lock.packages
          .map((item) => ({ item, at: numbers.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ item }) => item);
        expect(renderCondaLock({ ...lock, packages: shuffled })).toEqual(renderCondaLock(lock));
      }),
    );
  });

  it("has another digest when anything that is installed differs", async () => {
    await fc.assert(
      fc.property(lockOf, hex(64), (lock, sha256) => {
        const [first, ...rest] = lock.packages;
        if (!first || first.sha256 === sha256) return;
        const other = { ...lock, packages: [{ ...first, sha256 }, ...rest] };
        expect(renderCondaLock(other).digest).not.toBe(renderCondaLock(lock).digest);
        const channels = [...lock.channels, "https://example.org/second"];
        expect(renderCondaLock({ ...lock, channels }).digest).not.toBe(renderCondaLock(lock).digest);
      }),
    );
  });

  it("names its digest as content hash", () => {
    const [lock] = fc.sample(lockOf, 1);
    if (!lock) throw new Error("no sample");
    const { digest, file } = renderCondaLock(lock);
    expect(file.metadata.content_hash).toEqual({ "linux-64": digest });
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it("joins requirements on one name", () => {
    expect(dependencyMap(["python >=3.9", "python <4", "zlib", "zlib >=1"])).toEqual({
      python: "<4,>=3.9",
      zlib: ">=1",
    });
    expect(dependencyMap(["python_abi 3.12.* *_cp312", "python_abi"])).toEqual({
      python_abi: "3.12.* *_cp312",
    });
  });
});

describe("install order", () => {
  it("puts every dependency first unless they form a circle", () => {
    const item = (name: string, ...depends: string[]) => ({ name, depends });
    const names = inInstallOrder([
      item("numpy", "python >=3.9", "libblas"),
      item("pip", "python"),
      item("python", "pip", "zlib"),
      item("zlib"),
      item("libblas"),
    ]).map(({ name }) => name);
    expect(names).toEqual(["libblas", "pip", "zlib", "python", "numpy"]);
  });

  it("reads the name out of every way to write a requirement", () => {
    expect(
      ["zlib", "zlib>=1", "Zlib >=1", "zlib[version=1]", "zlib=1", "zlib~=1", "zlib!=1"].map(dependencyName),
    ).toEqual(Array(7).fill("zlib"));
  });
});

describe("a lockfile that a user posts", () => {
  const entry = {
    name: "zlib",
    version: "1.2.13",
    manager: "conda",
    platform: "linux-64",
    url: "https://example.org/main/linux-64/zlib-1.2.13-h166bdaf_4.tar.bz2",
    hash: { md5: "a".repeat(32), sha256: "b".repeat(64) },
    dependencies: {},
    optional: false,
    category: "main",
  };
  const file = (...entries: object[]) => ({
    version: 1,
    metadata: { channels: [{ url: "main", used_env_vars: [] }], platforms: ["linux-64"], sources: [] },
    package: entries,
  });

  it("gives the build, its number and the channel from the address", () => {
    const lock = parseCondaLock(file(entry), "linux-64");
    expect(lock.channels).toEqual(["https://example.org/main"]);
    expect(lock.packages[0]).toMatchObject({
      build: "h166bdaf_4",
      buildNumber: 4,
      subdir: "linux-64",
      fileName: "zlib-1.2.13-h166bdaf_4.tar.bz2",
    });
  });

  it("leaves out what conda-lock leaves out: extras and virtual packages", () => {
    const named = (name: string, category = "main") => ({ ...entry, name, category });
    const lock = parseCondaLock(
      file(entry, named("ruff", "dev"), named("docs-theme", "docs"), named("__glibc")),
      "linux-64",
    );
    expect(lock.packages.map(({ name }) => name)).toEqual(["ruff", "zlib"]);
  });

  it("takes a package once that stands in two categories", () => {
    const lock = parseCondaLock(file(entry, { ...entry, category: "dev", optional: true }), "linux-64");
    expect(lock.packages).toHaveLength(1);
  });

  it("reads versions with an epoch or a local part, as servers write them", () => {
    const address = (name: string) => packageAddress(`https://example.org/main/noarch/${name}`)?.build;
    expect(["a-1!2.0-h1_0.conda", "a-1%212.0-h1_0.conda", "a-1.0%2Bcu12-h1_0.conda"].map(address)).toEqual([
      "h1_0",
      "h1_0",
      "h1_0",
    ]);
  });

  it("loses credentials in addresses", () => {
    const url = "https://me:secret@example.org/t/tk-1/main/linux-64/zlib-1.2.13-h166bdaf_4.conda#sha256";
    expect(packageAddress(url)?.url).toBe("https://example.org/main/linux-64/zlib-1.2.13-h166bdaf_4.conda");
  });

  it.each([
    ["is no mapping", [], /not a conda-lock v1 file/],
    ["is version 2", { ...file(entry), version: 2 }, /only version 1/],
    [
      "is for another platform",
      file({ ...entry, platform: "osx-arm64" }),
      /no package for linux-64 .*osx-arm64/,
    ],
    ["has no sha256", file({ ...entry, hash: { md5: "a".repeat(32) } }), /no sha256 for zlib/],
    ["has a hash that is none", file({ ...entry, hash: { sha256: "xyz" } }), /is not a sha256/],
    ["has one package twice", file(entry, entry), /conda package zlib twice/],
    ["names a local file", file({ ...entry, url: "file:///etc/passwd" }), /not that of a conda package/],
    [
      "has an address that leads into another channel",
      file({
        ...entry,
        url: "https://example.org/main/linux-64/..%2F..%2Fevil%2Flinux-64%2Fzlib-1.2.13-h1_4.conda",
      }),
      /not that of a conda package/,
    ],
    ["has a name that leads elsewhere", file({ ...entry, name: "../zlib" }), /\.\.\/zlib, which is no name/],
    [
      "has a name with a line of its own",
      file(entry, { ...entry, manager: "pip", name: "flask\n--index-url https://example.org" }),
      /flask\?--index-url.*, which is no name/,
    ],
    [
      "has an address with options",
      file(entry, { ...entry, manager: "pip", name: "flask", url: "https://example.org/x.whl --no-deps" }),
      /address of flask is not an http/,
    ],
    [
      "has a local pip package",
      file(entry, { ...entry, manager: "pip", name: "flask", url: "file:///etc/x.whl" }),
      /address of flask is not an http/,
    ],
    [
      "has a package from another platform's folder",
      file({ ...entry, url: "https://example.org/main/win-64/zlib-1.2.13-h166bdaf_4.conda" }),
      /zlib for linux-64 is at an address for win-64/,
    ],
    [
      "has pip packages but no pip",
      file(entry, {
        ...entry,
        manager: "pip",
        name: "flask",
        url: "https://example.org/files/flask-3.0-py3-none-any.whl",
      }),
      /no conda package pip/,
    ],
    [
      "has one package at two addresses, in two categories",
      file(entry, { ...entry, category: "dev", url: entry.url.replace("_4", "_5") }),
      /conda package zlib twice/,
    ],
    ["has pip packages alone", file({ ...entry, manager: "pip" }), /no conda package/],
  ])("is refused in one sentence when it %s", (_why, document, message) => {
    expect(() => parseCondaLock(document, "linux-64")).toThrow(message);
  });
});

describe("the reuse key", () => {
  const parts = { lockDigest: "c".repeat(64), platform: "linux-64", kind: "environment", namespace: "team" };

  it("differs by lock, platform and namespace, and by nothing else", () => {
    const key = (changed: object) => reuseKeyOf({ ...parts, ...changed } as Parameters<typeof reuseKeyOf>[0]);
    const keys = [{}, { lockDigest: "d".repeat(64) }, { platform: "noarch" }, { namespace: "other" }].map(
      key,
    );
    expect(new Set(keys).size).toBe(4);
    expect(key({})).toBe(keys[0]);
  });
});
