/**
 * What somebody changes about an environment: which build it shows, and its description; both or nothing.
 * @module
 */
import { chooseBuild } from "#core/environment/choose-build.ts";
import type { Environment } from "#core/environment/environment.ts";
import { AppError } from "#core/errors.ts";
import { type AuditedDb, auditItem } from "./audit.ts";
import { readEnvironmentRows } from "./build-rows.ts";
import { getBuild } from "./builds.ts";
import type { Db } from "./db.ts";
import { getEnvironment } from "./environments.ts";
import { UNSET } from "./expression.ts";
import { buildItemKey, environmentKey } from "./keys.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { transact } from "./transact.ts";
import { change, check } from "./transact-items.ts";
import { prepareUse } from "./uses.ts";

export interface EnvironmentChange {
  readonly buildId?: number;
  readonly description?: string;
}

/**
 * Changes an environment. The caller asks for the link afterwards.
 * @throws AppError environment_not_found, invalid_request (a build that cannot be shown), try_again
 */
export async function updateEnvironment(
  db: AuditedDb,
  namespace: string,
  name: string,
  { buildId, description }: EnvironmentChange,
): Promise<void> {
  await withRetry(async () => {
    const environment = await getEnvironment(db, namespace, name);
    if (!environment) throw new AppError("environment_not_found", "environment does not exist");
    if (buildId === undefined && description === undefined) return "done";
    const build = buildId === undefined ? null : await getBuild(db, buildId);
    const chosen =
      buildId === undefined
        ? null
        : chooseBuild(environment, build, buildId, await newestBuildId(db, environment));
    const prepared = chosen ? await prepareUse(db, environment, build?.lockDigest ?? null, new Date()) : null;
    const { id, currentAfter, currentBuildId: former } = environment;
    const outcome = await transact(db, [
      change(db, environmentKey(namespace, name), {
        set: { ...(description === undefined ? {} : { description }), ...chosen, ...prepared?.set },
        ...(chosen ? { add: { linkVersion: 1 } } : {}),
        // Another build may have become the current one meanwhile: then the choice is made anew, from what is there.
        where: { id, ...(chosen ? { currentAfter } : {}), ...prepared?.where },
      }),
      // Or somebody deletes it.
      ...(chosen
        ? [check(db, buildItemKey(chosen.currentBuildId), { id: chosen.currentBuildId, deletedOn: UNSET })]
        : []),
      ...(prepared?.items ?? []),
      auditItem(db, {
        action: "environment.update",
        namespace,
        environment: name,
        ...(chosen ? { build: chosen.currentBuildId } : {}),
        details: {
          ...(chosen ? { current_build: chosen.currentBuildId, former } : {}),
          ...(description === undefined ? {} : { description: true }),
        },
      }),
    ]);
    return outcome.kind === "done" ? "done" : AGAIN;
  });
}

async function newestBuildId(db: Db, { namespace, name, id }: Environment): Promise<number> {
  const place = { namespace: namespace.name, environment: name, environmentId: id };
  for await (const row of readEnvironmentRows(db, place, { descending: true, pageSize: 1 })) return row.id;
  return 0;
}
