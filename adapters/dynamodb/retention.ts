/**
 * Which builds an environment need not keep. Cost: docs/access-patterns.md, 47.
 * @module
 */
import type { Build } from "#core/build/build.ts";
import { whyKept } from "#core/build/deletion.ts";
import type { Job, RetentionPlace } from "#core/build/job.ts";
import type { Environment } from "#core/environment/environment.ts";
import type { SettingsScope } from "#core/settings/scope.ts";
import { readEnvironmentRows } from "./build-rows.ts";
import { getBuilds } from "./builds.ts";
import type { Db } from "./db.ts";
import { putDue } from "./due.ts";
import { readEnvironmentNames } from "./environments.ts";
import { readNamespaces } from "./namespaces.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { transact } from "./transact.ts";

/** Rows looked at for one batch of builds. */
const BATCH = 100;

/**
 * The builds beyond the newest, but for the current one, pinned ones and those that have not ended; newest first.
 * @param keep how many of the newest stay; 0 for all
 * @param most builds to find
 */
export async function readSurplus(
  db: Db,
  environment: Environment,
  keep: number,
  most: number,
): Promise<Build[]> {
  if (keep === 0 || environment.builds <= keep) return [];
  const place = {
    namespace: environment.namespace.name,
    environment: environment.name,
    environmentId: environment.id,
  };
  const surplus: Build[] = [];
  let batch: number[] = [];
  let seen = 0;
  const look = async (): Promise<void> => {
    const builds = await getBuilds(db, batch);
    for (const id of batch) {
      const build = builds.get(id);
      if (build?.deletedOn === null && whyKept(build, environment) === null) surplus.push(build);
    }
    batch = [];
  };
  for await (const { id } of readEnvironmentRows(db, place, { descending: true })) {
    seen += 1;
    if (seen <= keep) continue;
    batch.push(id);
    if (batch.length === BATCH) await look();
    if (surplus.length >= most) return surplus.slice(0, most);
  }
  await look();
  return surplus.slice(0, most);
}

/** Has sweep look at every environment of a scope, because what they keep has changed. */
export async function askForRetention(db: Db, scope: SettingsScope, at: Date): Promise<void> {
  const job: Job = {
    kind: "retention",
    namespace: scope.kind === "global" ? null : scope.namespace,
    environment: scope.kind === "environment" ? scope.environment : null,
    after: null,
  };
  await withRetry(async () =>
    (await transact(db, [putDue(db, { due: at, job })])).kind === "done" ? "done" : AGAIN,
  );
}

type RetentionJob = Extract<Job, { kind: "retention" }>;

/** The next environments that a job means, by namespace and name. */
export async function readRetentionPlaces(
  db: Db,
  { namespace, environment, after }: RetentionJob,
  most: number,
): Promise<RetentionPlace[]> {
  if (namespace !== null && environment !== null) return [{ namespace, environment }];
  const names = namespace === null ? (await readNamespaces(db, "asc")).map(({ name }) => name) : [namespace];
  const places: RetentionPlace[] = [];
  for (const name of names) {
    if (after && name < after.namespace) continue;
    const from = after?.namespace === name ? after.environment : null;
    for await (const found of readEnvironmentNames(db, name, from)) {
      places.push({ namespace: name, environment: found });
      if (places.length === most) return places;
    }
  }
  return places;
}
