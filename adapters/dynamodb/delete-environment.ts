/**
 * Deleting environments: gone for everybody in one transaction, its name free; its builds follow in portions.
 * @module
 */
import pLimit from "p-limit";
import type { Environment } from "#core/environment/environment.ts";
import { AppError } from "#core/errors.ts";
import { type AuditedDb, auditItem } from "./audit.ts";
import { readEnvironmentRows } from "./build-rows.ts";
import { deleteWhole } from "./delete-build.ts";
import { putDue } from "./due.ts";
import { getEnvironment } from "./environments.ts";
import { environmentKey, namespaceKey, settingsKey, tombstoneKey } from "./keys.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { transact } from "./transact.ts";
import { change, create, remove } from "./transact-items.ts";
import { leaveUse, namesUse } from "./uses.ts";

/**
 * Deletes an environment with its settings. Its builds are another step's: `emptyEnvironment`.
 * @throws AppError environment_not_found, try_again
 */
export async function deleteEnvironment(
  db: AuditedDb,
  namespace: string,
  name: string,
  at: Date,
): Promise<Environment> {
  return await withRetry(async () => {
    const environment = await getEnvironment(db, namespace, name);
    if (!environment) throw new AppError("environment_not_found", "environment does not exist");
    const { id } = environment;
    const outcome = await transact(db, [
      remove(db, environmentKey(namespace, name), { id, ...namesUse(environment.use) }),
      change(db, namespaceKey(namespace), {
        add: { environments: -1 },
        where: { id: environment.namespace.id },
      }),
      create(db, tombstoneKey(namespace, name, id), { environmentId: id }),
      { Delete: { TableName: db.table, Key: settingsKey(namespace, name) } },
      putDue(db, { due: at, job: { kind: "environment", namespace, name, id } }),
      ...(environment.use ? [putDue(db, leaveUse(environment.use, at))] : []),
      auditItem(db, { action: "environment.delete", namespace, environment: name }, at),
    ]);
    return outcome.kind === "done" ? environment : AGAIN;
  });
}

/** Builds deleted at a time: they meet at their namespace's counts. */
const HANDS = 4;

/**
 * Cancels and deletes builds of a deleted environment, the newest first: they may still be running.
 * @param most builds
 * @returns how many; less than `most` when there are no more
 */
export async function emptyEnvironment(
  db: AuditedDb,
  { namespace, name, id }: { readonly namespace: string; readonly name: string; readonly id: number },
  { by, at, most }: { readonly by: "api" | "sweep"; readonly at: Date; readonly most: number },
): Promise<number> {
  const ids: number[] = [];
  const place = { namespace, environment: name, environmentId: id };
  for (const gone of [false, true]) {
    for await (const row of readEnvironmentRows(db, place, { gone, descending: true })) {
      if (ids.length === most) break;
      ids.push(row.id);
    }
  }
  const limit = pLimit(HANDS);
  await Promise.all(ids.map((build) => limit(() => deleteWhole(db, build, by, at))));
  if (ids.length < most) {
    await withRetry(async () => {
      const tombstone = { Delete: { TableName: db.table, Key: tombstoneKey(namespace, name, id) } };
      return (await transact(db, [tombstone])).kind === "done" ? "done" : AGAIN;
    });
  }
  return ids.length;
}
