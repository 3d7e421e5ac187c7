/**
 * The conda prefix on disk: what its own records say of the packages in it.
 * @module
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { BuildFailure } from "./failure.ts";

const PathEntry = v.object({
  _path: v.string(),
  path_type: v.optional(v.string()),
  sha256: v.nullish(v.string()),
  sha256_in_prefix: v.nullish(v.string()),
  size_in_bytes: v.nullish(v.number()),
});
const Link = v.object({ source: v.optional(v.string(), "") });
const Record_ = v.object({
  name: v.string(),
  version: v.string(),
  build: v.string(),
  build_number: v.optional(v.number(), 0),
  subdir: v.optional(v.nullable(v.string()), null),
  noarch: v.nullish(v.string()),
  license: v.nullish(v.string()),
  extracted_package_dir: v.nullish(v.string()),
  link: v.nullish(Link),
  files: v.optional(v.array(v.string()), []),
  paths_data: v.optional(v.object({ paths: v.optional(v.array(PathEntry), []) }), { paths: [] }),
});

/** One file or link of a package, by its record. */
export interface PrefixPath {
  /** Below the prefix. */
  readonly path: string;
  readonly kind: "file" | "link" | "made";
  /** Of its bytes as they lie in this prefix; null where the record does not say. */
  readonly sha256: string | null;
}

export interface PrefixPackage {
  readonly name: string;
  readonly version: string;
  readonly build: string;
  readonly buildNumber: number;
  readonly isNoarchPython: boolean;
  readonly license: string | null;
  /** Of its own files, as far as its record says. */
  readonly sizeBytes: number;
  /** The unpacked package in the cache; null when the record names none. */
  readonly unpacked: string | null;
  readonly paths: readonly PrefixPath[];
}

/**
 * Reads `conda-meta`, in the order of the records' names.
 * @throws BuildFailure naming a package with a path that leads out of the prefix
 */
export async function readPrefix(prefix: string): Promise<PrefixPackage[]> {
  const directory = join(prefix, "conda-meta");
  const names = (await readdir(directory)).filter((name) => name.endsWith(".json")).sort();
  const packages: PrefixPackage[] = [];
  for (const name of names) {
    packages.push(toPackage(v.parse(Record_, JSON.parse(await readFile(join(directory, name), "utf8")))));
  }
  return packages;
}

function toPackage(record: v.InferOutput<typeof Record_>): PrefixPackage {
  const described = record.paths_data.paths.map((entry) => ({
    path: entry._path,
    kind: kindOf(entry.path_type ?? "hardlink"),
    sha256: entry.sha256_in_prefix || entry.sha256 || null,
    sizeBytes: entry.size_in_bytes ?? 0,
  }));
  const outside = [...described.map(({ path }) => path), ...record.files].find(leadsOutside);
  if (outside !== undefined) {
    throw new BuildFailure(
      `The package ${record.name} ${record.version} lists the file ${JSON.stringify(outside.slice(0, 200))}, ` +
        "which lies outside of the environment: remove the package, and report it to its channel.",
    );
  }
  const known = new Set(described.map(({ path }) => path));
  const others = record.files.filter((path) => !known.has(path));
  return {
    name: record.name,
    version: record.version,
    build: record.build,
    buildNumber: record.build_number,
    isNoarchPython: record.noarch === "python",
    license: record.license ?? null,
    // What the installer made is not the package's: its size may be another at another place.
    sizeBytes: described.reduce((sum, { kind, sizeBytes }) => sum + (kind === "file" ? sizeBytes : 0), 0),
    unpacked: record.extracted_package_dir || record.link?.source || null,
    paths: [
      ...described.map(({ path, kind, sha256 }) => ({ path, kind, sha256 })),
      ...others.map((path) => ({ path, kind: "made" as const, sha256: null })),
    ],
  };
}

const leadsOutside = (path: string): boolean =>
  path === "" || path.startsWith("/") || path.split("/").includes("..") || path.includes("\0");

/** What an installer makes itself (entry points, byte code) has no hash of its package's maker. */
function kindOf(pathType: string): PrefixPath["kind"] {
  if (pathType === "softlink") return "link";
  return pathType === "hardlink" || pathType === "directory" ? "file" : "made";
}

/** `3.12` of the python in this prefix, or null. */
export function pythonMinor(packages: readonly PrefixPackage[]): string | null {
  const python = packages.find(({ name }) => name === "python");
  return /^\d+\.\d+/.exec(python?.version ?? "")?.[0] ?? null;
}
