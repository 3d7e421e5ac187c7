/**
 * Questions about builds that only the builds and their locks can answer.
 * Cost: docs/access-patterns.md, 7 and 8.
 * @module
 */
import type { Build } from "#core/build/build.ts";
import type { ArtifactType, BuildStatus } from "#core/build/status.ts";
import type { Db } from "./db.ts";
import { getManyPackages } from "./packages.ts";

export interface BuildFilter {
  readonly status?: BuildStatus;
  /** It has one. */
  readonly artifact?: ArtifactType;
  /** It has all of these, exact names. */
  readonly packages?: readonly string[];
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
  const namesOf = new Map(
    [...lists].map(([digest, list]) => [digest, new Set(list.map(({ name }) => name))]),
  );
  return right.filter(({ lockDigest }) => {
    const names = namesOf.get(lockDigest ?? "");
    return packages.every((name) => names?.has(name));
  });
}
