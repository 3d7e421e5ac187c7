/**
 * A channel of the size of the largest: names, versions, builds, pins, licences and hashes as conda-forge has them. The same for the
 * same numbers.
 * @module
 */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdCompress } from "node:zlib";

/** Files of a name, on average: numpy has thousands, most names a few. */
const RECORDS_A_NAME = 32;
const PYTHONS = ["3.9", "3.10", "3.11", "3.12", "3.13"];
const LICENSES = ["MIT", "BSD-3-Clause", "Apache-2.0", "GPL-3.0-or-later", "LGPL-2.1-only", "ISC"];
const PARTS =
  "py lib r core data web net io ml geo bio text graph stats image audio cloud tools client server".split(
    " ",
  );

export interface Generated {
  readonly names: readonly string[];
  /** Files of the name at a place. */
  readonly filesAt: (at: number) => readonly (readonly [fileName: string, record: Record<string, unknown>])[];
}

/** @param records about so many files in all; python is among the names */
export function generateChannel(records: number): Generated {
  const count = Math.max(10, Math.round(records / RECORDS_A_NAME));
  const names = ["python", ...Array.from({ length: count - 1 }, (_, at) => nameOf(at))].sort();
  // A few names have most of the files; the sum stays near what is asked for.
  const weights = names.map((_, at) => 1 / (1 + ((at * 7919) % count)) ** 0.6);
  const sum = weights.reduce((all, one) => all + one, 0);
  const filesAt: Generated["filesAt"] = (at) => {
    const name = names[at] ?? "";
    if (name === "python") return PYTHONS.map((version) => fileOf(name, `${version}.1`, 0, []));
    const wanted = Math.max(1, Math.round((records * (weights[at] ?? 0)) / sum));
    return Array.from({ length: wanted }, (_, number) => {
      const python = PYTHONS[number % PYTHONS.length] ?? "";
      const minor = Math.floor(number / PYTHONS.length);
      const others = [1, 2, 3].map((step) => names[(at * 31 + step * 97) % at || 0] ?? "python");
      const depends = [
        `python >=${python},<${python.split(".")[0]}.${Number(python.split(".")[1]) + 1}.0a0`,
        // Towards names that come before, so that there is an end.
        ...(at > 10
          ? others.filter((other) => other !== name).map((other) => `${other} >=0.${minor % 5}`)
          : []),
        "__glibc >=2.17,<3.0.a0",
      ];
      return fileOf(name, `${1 + Math.floor(minor / 40)}.${minor % 40}.${number % 3}`, number, depends);
    });
  };
  return { names, filesAt };
}

const nameOf = (at: number): string =>
  `${PARTS[at % PARTS.length]}${at % 3 === 0 ? "-" : ""}${PARTS[(at * 13) % PARTS.length]}${at.toString(36)}`;

function fileOf(name: string, version: string, number: number, depends: readonly string[]) {
  const sha256 = createHash("sha256").update(`${name}-${version}-${number}`).digest("hex");
  const build = `py${name.length}h${sha256.slice(0, 7)}_${number % 4}`;
  const record = {
    arch: "x86_64",
    build,
    build_number: number % 4,
    constrains: number % 4 === 0 ? [`${name}-extra >=1`] : [],
    depends,
    license: LICENSES[name.length % LICENSES.length],
    license_family: "OTHER",
    md5: sha256.slice(32),
    name,
    platform: "linux",
    sha256,
    size: 10_000 + (Number.parseInt(sha256.slice(0, 6), 16) % 5_000_000),
    subdir: "linux-64",
    timestamp: 1_500_000_000_000 + (Number.parseInt(sha256.slice(6, 14), 16) % 200_000_000) * 1000,
    version,
  };
  return [`${name}-${version}-${build}.conda`, record] as const;
}

/** Writes the index as channels publish it. @returns how many files it has, and the bytes of its text */
export async function writeRepodata(
  { names, filesAt }: Generated,
  path: string,
): Promise<{ readonly records: number; readonly textBytes: number }> {
  const counts = { records: 0, textBytes: 0 };
  const text = function* (): Generator<string> {
    yield '{"info":{"subdir":"linux-64"},"packages":{},"packages.conda":{';
    for (const [at] of names.entries()) {
      const files = filesAt(at);
      counts.records += files.length;
      const members = files.map(
        ([fileName, record]) => `${JSON.stringify(fileName)}:${JSON.stringify(record)}`,
      );
      const piece = `${at === 0 ? "" : ","}${members.join(",")}`;
      counts.textBytes += piece.length;
      yield piece;
    }
    yield '},"removed":[],"repodata_version":1}';
  };
  await pipeline(Readable.from(text()), createZstdCompress(), createWriteStream(path));
  return counts;
}

/** Words that no two names have in the same order. */
function wordsOf(name: string, count: number): string {
  const bytes = createHash("shake256", { outputLength: count }).update(name).digest();
  return [...bytes].map((byte) => PARTS[byte % PARTS.length] ?? "").join(" ");
}

/** Writes what the channel says of its packages, each entry as long as conda-forge's. @returns the bytes of its text */
export async function writeChannelData({ names }: Generated, path: string): Promise<number> {
  const packages = names.map((name) => {
    const [summary, description] = [wordsOf(name, 12), wordsOf(`more of ${name}`, 120)];
    const address = `https://example.org/${name}`;
    const flags = { activate: false, "binary-prefix": true, post_link: false, "text-prefix": false };
    const entry = {
      ...{ summary, description, license: "MIT", version: "1.0", subdirs: ["linux-64", "noarch"], ...flags },
      ...{ home: address, dev_url: address, doc_url: `${address}/docs`, source_url: null, run_exports: {} },
    };
    return [name, entry];
  });
  const text = JSON.stringify({ channeldata_version: 1, packages: Object.fromEntries(packages) });
  await writeFile(path, text);
  return text.length;
}
