/**
 * Questions about builds that only the builds and their locks can answer.
 * Cost: docs/access-patterns.md, 7 and 8.
 * @module
 */
import type { Build } from "#core/build/build.ts";
import type { ArtifactType, BuildStatus } from "#core/build/status.ts";
import type { InstalledPackage } from "#core/lock/installed-package.ts";
import type { PackageQuery } from "#core/package/package-query.ts";
import type { Db } from "./db.ts";
import { getManyPackages } from "./packages.ts";

export interface BuildFilter {
  readonly status?: BuildStatus;
  /** It has one. */
  readonly artifact?: ArtifactType;
  /** It has all of these. */
  readonly packages?: readonly PackageQuery[];
}

/** Whether builds have to be read at all. */
export const asksForBuilds = ({ status, artifact, packages = [] }: BuildFilter): boolean =>
  status !== undefined || artifact !== undefined || packages.length > 0;

/** Those that match, in their order. Reads the lists of packages only if packages are asked for. */
export async function buildsThatMatch(
  db: Db,
  builds: readonly Build[],
  { status, artifact, packages = [] }: BuildFilter,
): Promise<Build[]> {
  const right = builds.filter(
    (build) =>
      (status === undefined || build.status === status) &&
      (artifact === undefined || build.artifacts.some(({ type }) => type === artifact)),
  );
  if (packages.length === 0) return right;
  const digests = new Set(right.map(({ lockDigest }) => lockDigest).filter((digest) => digest !== null));
  const lists = await getManyPackages(db, [...digests]);
  const versions = new Map([...lists].map(([digest, list]) => [digest, versionsByName(list)]));
  return right.filter(({ lockDigest }) => {
    const has = versions.get(lockDigest ?? "");
    return packages.every(({ name, matches }) => has?.get(name)?.some(matches));
  });
}

function versionsByName(list: readonly InstalledPackage[]): Map<string, string[]> {
  const versions = new Map<string, string[]>();
  for (const { name, version } of list) versions.set(name, [...(versions.get(name) ?? []), version]);
  return versions;
}
