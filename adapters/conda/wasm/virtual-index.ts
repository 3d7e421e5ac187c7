/**
 * Virtual packages as packages of a channel: rattler's wasm build knows none of its own, and takes what an index has.
 * @module
 */

export interface VirtualRecord {
  readonly name: string;
  readonly version: string;
  readonly build: string;
}

/**
 * By name. `__archspec` carries the processor in its build string, as everywhere; whatever is a Linux or a Mac is a Unix.
 * @param versions as settings and locks have them: `{"__glibc": "2.28"}`
 */
export function virtualIndex(versions: Readonly<Record<string, string>>): Record<string, VirtualRecord> {
  const unix = "__linux" in versions || "__osx" in versions ? { __unix: "0" } : {};
  return Object.fromEntries(
    Object.entries({ ...unix, ...versions }).map(([name, version]) => [
      name,
      name === "__archspec" ? { name, version: "1", build: version } : { name, version, build: "0" },
    ]),
  );
}

/** `repodata.json` of the subdir noarch. */
export function virtualRepodata(records: Readonly<Record<string, VirtualRecord>>): Uint8Array {
  const packages = Object.fromEntries(
    Object.values(records).map(({ name, version, build }) => [
      `${name}-${version}-${build}.conda`,
      { name, version, build, build_number: 0, depends: [], subdir: "noarch", sha256: "0".repeat(64) },
    ]),
  );
  return Buffer.from(
    JSON.stringify({
      info: { subdir: "noarch" },
      packages: {},
      "packages.conda": packages,
      repodata_version: 1,
    }),
  );
}
