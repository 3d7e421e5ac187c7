/**
 * A channel of many packages that nobody asks for: with it, reading the index costs what it costs with conda-forge, whose
 * `repodata.json` for linux-64 had 363 MB, 47 MB compressed, in January 2026 (conda's blog). 500,000 of these have 348 and 48.
 * @module
 */
import { createHash } from "node:crypto";
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress, zstdCompressSync } from "node:zlib";

/** Of each package, about as many as conda-forge has. */
const VERSIONS = 16;

/**
 * Writes the index of one platform and an empty one for `noarch`; there are no packages behind them.
 * @param records rounded down to whole packages of 16 versions
 */
export async function makeCrowd(directory: string, platform: string, records: number): Promise<void> {
  for (const subdir of [platform, "noarch"]) mkdirSync(join(directory, subdir), { recursive: true });
  await pipeline(
    Readable.from(recordsOf(platform, Math.floor(records / VERSIONS))),
    createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
    createWriteStream(join(directory, platform, "repodata.json.zst")),
  );
  const empty = { info: { subdir: "noarch" }, packages: {}, "packages.conda": {}, repodata_version: 1 };
  writeFileSync(join(directory, "noarch", "repodata.json.zst"), zstdCompressSync(JSON.stringify(empty)));
}

function* recordsOf(subdir: string, names: number): Generator<string> {
  yield `{"info":{"subdir":${JSON.stringify(subdir)}},"packages":{},"packages.conda":{`;
  for (let number = 0; number < names; number += 1) {
    const records: string[] = [];
    for (let minor = 0; minor < VERSIONS; minor += 1) {
      const record = recordOf(number, minor, subdir);
      const fileName = `${record.name}-${record.version}-${record.build}.conda`;
      records.push(`${JSON.stringify(fileName)}:${JSON.stringify(record)}`);
    }
    yield `${number === 0 ? "" : ","}${records.join(",")}`;
  }
  yield '},"repodata_version":1}';
}

/** Requirements of a record, whose names come again in all versions of a package; as many as make the index's size. */
const NEEDS = 12;

/** Every package needs some that come before it. */
function recordOf(number: number, minor: number, subdir: string) {
  const nameOf = (index: number): string => `crowd-${index.toString(36).padStart(4, "0")}`;
  const hash = createHash("sha256").update(`${number} ${minor}`).digest("hex");
  const needed = Array.from({ length: NEEDS }, (_, i) => Math.floor((number * (i + 1)) / (NEEDS + 3)));
  return {
    build: `h${hash.slice(0, 7)}_0`,
    build_number: 0,
    depends: [...new Set(needed)]
      .filter((index) => index < number)
      .map((index, i) => `${nameOf(index)} >=1.${minor}.${parseInt(hash.charAt(i % 2), 16)},<2.0a0`),
    license: "BSD-3-Clause",
    license_family: "BSD",
    md5: hash.slice(0, 32),
    name: nameOf(number),
    sha256: hash,
    size: 100_000 + number,
    subdir,
    timestamp: 1_700_000_000_000 + number * 1000 + minor,
    version: `1.${minor}.0`,
  };
}
