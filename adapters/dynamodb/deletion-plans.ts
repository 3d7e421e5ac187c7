/**
 * Plans of deletions, from what the table says now. Cost: docs/access-patterns.md, 46.
 * @module
 */
import type { Build } from "#core/build/build.ts";
import { type DeletionPlan, planDeletion } from "#core/build/deletion-plan.ts";
import type { ArtifactType } from "#core/build/status.ts";
import { thingOf } from "#core/build/thing.ts";
import type { Environment } from "#core/environment/environment.ts";
import { AppError } from "#core/errors.ts";
import { readEnvironmentRows } from "./build-rows.ts";
import { getBuilds } from "./builds.ts";
import type { Db } from "./db.ts";
import { getThings } from "./holds.ts";

/** Of builds that were read. */
export async function planOf(
  db: Db,
  builds: readonly Build[],
  keep: readonly ArtifactType[],
): Promise<DeletionPlan> {
  const names = builds.flatMap(({ artifacts }) => artifacts.map(thingOf)).filter((name) => name !== null);
  const things = await getThings(db, names);
  return planDeletion(builds, keep, new Map([...things].map(([name, { holders }]) => [name, holders])));
}

/** Beyond, a plan is longer than anybody reads, and takes longer than a gateway waits. */
const BUILDS_MAX = 10_000;

/** Every build of the environments, those included of which something had been kept. */
export async function buildsOf(db: Db, environments: readonly Environment[]): Promise<Build[]> {
  const ids: number[] = [];
  for (const { id: environmentId, namespace, name: environment } of environments) {
    for (const gone of [false, true]) {
      const place = { namespace: namespace.name, environment, environmentId };
      for await (const { id } of readEnvironmentRows(db, place, { gone })) ids.push(id);
    }
    if (ids.length > BUILDS_MAX) {
      const message = `More than ${BUILDS_MAX} builds would be deleted: ask for one environment after the other.`;
      throw new AppError("invalid_request", message);
    }
  }
  return [...(await getBuilds(db, ids)).values()].sort((a, b) => a.id - b.id);
}
