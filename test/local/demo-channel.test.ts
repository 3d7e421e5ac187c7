import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zstdDecompressSync } from "node:zlib";
import * as v from "valibot";
import { beforeAll, describe, expect, test } from "vitest";
import { compareVersions } from "#core/package/version-order.ts";
import { makeDemoChannel } from "#local/demo-channel.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { runProgram } from "#test/kit/run-program.ts";

const READER = fileURLToPath(new URL("demo-channel/read_channel.py", import.meta.url));
const Facts = v.object({
  index: v.looseObject({
    name: v.string(),
    version: v.string(),
    depends: v.array(v.string()),
    constrains: v.array(v.string()),
    subdir: v.string(),
  }),
  link: v.nullable(
    v.object({
      noarch: v.object({ type: v.string(), entry_points: v.optional(v.array(v.string())) }),
      package_metadata_version: v.literal(1),
    }),
  ),
  summary: v.string(),
  sha256: v.string(),
  wrong: v.array(v.string()),
  unmarked: v.array(v.string()),
  count: v.number(),
  unpacked: v.number(),
  prefixed: v.record(v.string(), v.string()),
  links: v.record(v.string(), v.string()),
  dangling: v.array(v.string()),
  programs: v.array(v.string()),
  bytecode: v.record(v.string(), v.string()),
  paths: v.array(v.string()),
  hashes: v.record(v.string(), v.string()),
});
type Package = v.InferOutput<typeof Facts>;

const demo = useDemoChannel();
let packages: Record<string, Package> = {};

beforeAll(async () => {
  const read = await runProgram(demo.python(), ["-B", READER, demo.channel().directory]);
  expect(read).toMatchObject({ code: 0 });
  packages = v.parse(v.record(v.string(), Facts), JSON.parse(read.stdout));
}, 120_000);

/** Every package of a name, by the lowest version first. */
function all(name: string): Package[] {
  return Object.values(packages).filter((one) => one.index.name === name);
}

function only(name: string): Package {
  const [found, ...more] = all(name);
  if (found === undefined || more.length > 0)
    throw new Error(`${name}: ${more.length + (found ? 1 : 0)} packages`);
  return found;
}

describe("the channel", () => {
  test("a second call finds it made and changes nothing", async () => {
    const before = readFileSync(join(demo.channel().directory, "manifest.json"));
    const lines: string[] = [];

    const again = await makeDemoChannel({
      python: demo.python(),
      into: demo.channel().directory,
      log: (line) => lines.push(line),
    });

    expect(lines).toEqual([`the demo channel is up to date: ${again.directory}`]);
    expect(readFileSync(join(again.directory, "manifest.json"))).toEqual(before);
  });

  test("the manifest names every package file with its true hash and size", () => {
    const { directory, packages: listed } = demo.channel();

    expect(listed.map((one) => one.file).sort()).toEqual(Object.keys(packages).sort());
    for (const { subdir, file, size, sha256 } of listed) {
      const bytes = readFileSync(join(directory, subdir, file));
      expect([file, bytes.length, createHash("sha256").update(bytes).digest("hex")]).toEqual([
        file,
        size,
        sha256,
      ]);
    }
  });

  test("both subdirs have repodata, its zst form with the same content, and shards", () => {
    const { directory, subdir } = demo.channel();

    for (const folder of ["noarch", subdir]) {
      const plain = readFileSync(join(directory, folder, "repodata.json"));
      const packed = zstdDecompressSync(readFileSync(join(directory, folder, "repodata.json.zst")));
      expect(packed.equals(plain)).toBe(true);
      expect(existsSync(join(directory, folder, "repodata_shards.msgpack.zst"))).toBe(true);
      expect(readdirSync(join(directory, folder, "shards")).length).toBeGreaterThan(5);
    }
  });

  test("repodata lists every package with its hash", () => {
    const { directory, subdir } = demo.channel();
    const Listed = v.record(v.string(), v.object({ sha256: v.string() }));
    const Repodata = v.object({ packages: Listed, "packages.conda": Listed });

    const listed = ["noarch", subdir].flatMap((folder) => {
      const repodata = v.parse(
        Repodata,
        JSON.parse(readFileSync(join(directory, folder, "repodata.json"), "utf8")),
      );
      return Object.entries({ ...repodata.packages, ...repodata["packages.conda"] });
    });

    const hashes = Object.entries(packages).map(([file, one]) => [file, one.sha256]);
    expect(Object.fromEntries(listed.map(([file, one]) => [file, one.sha256]))).toEqual(
      Object.fromEntries(hashes),
    );
  });

  test("channeldata.json says of each name what its newest package says, and which subdirs have it", () => {
    const { directory, subdir } = demo.channel();
    const Said = v.strictObject({
      license: v.string(),
      summary: v.string(),
      subdirs: v.array(v.string()),
      version: v.string(),
    });
    const { packages: said, subdirs } = v.parse(
      v.object({ packages: v.record(v.string(), Said), subdirs: v.array(v.string()) }),
      JSON.parse(readFileSync(join(directory, "channeldata.json"), "utf8")),
    );

    expect(subdirs).toEqual([subdir, "noarch"].sort());
    expect(Object.keys(said).sort()).toEqual(
      [...new Set(Object.values(packages).map(({ index }) => index.name))].sort(),
    );
    for (const [name, { version, summary, subdirs: own }] of Object.entries(said)) {
      const others = all(name).map(({ index }) => index.version);
      expect([name, others.filter((other) => compareVersions(other, version) > 0)]).toEqual([name, []]);
      const newest = all(name).filter(({ index }) => index.version === version);
      expect(newest.map((one) => one.summary)).toContain(summary);
      expect(own).toEqual([...new Set(all(name).map(({ index }) => index.subdir))].sort());
    }
  });

  test("there are real libraries in both archive formats and both kinds of subdir", () => {
    const real = demo.channel().packages.filter((one) => one.shows.includes("real-library"));

    expect(real.length).toBeGreaterThan(40);
    expect(real.filter((one) => one.file.endsWith(".tar.bz2")).length).toBeGreaterThanOrEqual(3);
    expect(real.filter((one) => one.file.endsWith(".conda")).length).toBeGreaterThan(30);
    expect(new Set(real.map((one) => one.subdir))).toEqual(new Set(["noarch", demo.channel().subdir]));
  });

  test("several real libraries come in two versions", () => {
    for (const name of ["urllib3", "click", "packaging", "attrs", "idna", "tqdm"]) {
      expect(new Set(all(name).map((one) => one.index.version)).size, name).toBe(2);
    }
  });
});

describe("every package", () => {
  test("has exactly the files that its paths.json lists, with their hashes, sizes and 255-byte placeholders", () => {
    for (const [file, { wrong, unmarked }] of Object.entries(packages)) {
      expect({ file, wrong, unmarked }).toEqual({ file, wrong: [], unmarked: [] });
    }
  });

  test("asks for packages of the channel only, but for the one that shows a missing one", () => {
    const names = new Set(Object.values(packages).map((one) => one.index.name));
    const missing = Object.values(packages).flatMap((one) =>
      one.index.depends
        .map((spec) => spec.split(" ", 1)[0] ?? "")
        .filter((name) => !name.startsWith("__") && !names.has(name)),
    );

    expect(missing).toEqual(["demo-does-not-exist"]);
  });

  test("noarch Python packages say so in link.json, machine packages have none", () => {
    for (const [file, { index, link }] of Object.entries(packages)) {
      expect([file, link?.noarch.type]).toEqual([file, index["noarch"]]);
      expect([file, index.subdir]).toEqual([file, link ? "noarch" : demo.channel().subdir]);
    }
  });
});

describe("among the packages are", () => {
  test("a python that names the C library it needs, and keeps its prefix in text", () => {
    const python = only("python");

    expect(python.index.version).toBe(demo.channel().python);
    expect(python.index.depends).toEqual([expect.stringMatching(/^__(glibc >=2\.\d+|unix)$/)]);
    expect(python.links["bin/python"]).toMatch(/^python3\.\d+$/);
    expect(Object.keys(python.prefixed).filter((path) => /_sysconfigdata/.test(path)).length).toBeGreaterThan(
      0,
    );
    expect(Object.values(python.prefixed)).not.toContain("binary");
  });

  test("compiled libraries tied to that python, and pure ones that are not", () => {
    const short = demo.channel().python.split(".").slice(0, 2).join(".");

    for (const name of ["numpy", "pandas", "markupsafe"]) {
      expect(only(name).index.depends).toContain(`python ${short}.*`);
      expect(only(name).index.depends.some((spec) => spec.startsWith(`python_abi ${short}.* *_cp3`))).toBe(
        true,
      );
    }
    expect(only("requests").index.depends.filter((spec) => spec.startsWith("python "))).toEqual([
      expect.stringMatching(/^python >=3\.\d+/),
    ]);
    expect(only("pandas").index.depends).toContainEqual(expect.stringMatching(/^numpy >=/));
  });

  test("commands of noarch packages, and scripts of compiled ones with the prefix as text", () => {
    expect(only("pip").link?.noarch.entry_points).toContainEqual(
      expect.stringMatching(/^pip = pip\._internal\.\S+:\w+$/),
    );
    expect(only("demo-hello").link?.noarch.entry_points).toEqual(["demo-hello = demo_hello:main"]);
    expect(only("numpy").prefixed["bin/f2py"]).toBe("text");
    expect(only("numpy").programs).toContain("bin/f2py");
  });

  test("the prefix as text and inside of a binary, in programs", () => {
    expect(only("demo-prefix-text").prefixed).toEqual({
      "bin/demo-prefix-text": "text",
      "etc/demo-prefix-text.ini": "text",
    });
    expect(Object.values(only("demo-prefix-binary").prefixed)).toEqual(["binary"]);
    expect(only("demo-prefix-binary").programs).toEqual(["bin/demo-prefix-binary"]);
  });

  test("shipped bytecode that is valid for its source", () => {
    expect(Object.values(only("demo-pyc").bytecode)).toEqual(["valid"]);
  });

  test("relative links, a link to a folder, a link to a link, and one that dangles", () => {
    const { links, dangling } = only("demo-links");

    expect(links).toEqual({
      "bin/demo-links.txt": "../share/demo-links/real/file.txt",
      "share/demo-links/to-file.txt": "real/file.txt",
      "share/demo-links/to-folder": "real",
      "share/demo-links/to-link.txt": "to-file.txt",
      "share/demo-links/dangling": "nowhere/at-all",
    });
    expect(dangling).toEqual(["share/demo-links/dangling"]);
  });

  test("one over 20 MB, and one of 5,000 files", () => {
    const big = demo.channel().packages.find((one) => one.name === "demo-big");

    expect(big?.size).toBeGreaterThan(20_000_000);
    expect(only("demo-many-files").count).toBe(5000);
  });

  test("activation scripts and link scripts", () => {
    expect(only("demo-activate").paths).toEqual([
      "etc/conda/activate.d/demo-activate.sh",
      "etc/conda/deactivate.d/demo-activate.sh",
    ]);
    expect(only("demo-post-link").programs).toEqual(["bin/.demo-post-link-post-link.sh"]);
    expect(only("demo-post-link-fails").programs).toEqual(["bin/.demo-post-link-fails-post-link.sh"]);
  });

  test("two that write one path with different content", () => {
    const path = "share/demo-clobber/shared.txt";
    const hashes = ["demo-clobber-a", "demo-clobber-b"].map((name) => only(name).hashes[path]);

    expect(hashes).not.toContain(undefined);
    expect(new Set(hashes).size).toBe(2);
  });

  test("a virtual package, a conflict, a constraint, a missing package and an old python as requirements", () => {
    expect(only("demo-cuda").index.depends).toEqual(["__cuda >=12"]);
    expect(only("demo-conflict-a").index.depends).toEqual(["demo-choice 1.*"]);
    expect(only("demo-conflict-b").index.depends).toEqual(["demo-choice 2.*"]);
    expect(only("demo-constrains").index.constrains).toEqual(["demo-choice <2"]);
    expect(only("demo-missing").index.depends).toEqual(["demo-does-not-exist >=1"]);
    expect(only("demo-old-python").index.depends).toEqual(["python >=2.7,<3"]);
    expect(all("demo-choice").map((one) => [one.index.version, one.index["build_number"]])).toEqual([
      ["1.0", 0],
      ["1.5", 0],
      ["2.0", 0],
      ["2.0", 1],
    ]);
  });
});
