/**
 * What somebody changes about an environment: which build it shows, and its description; both or nothing.
 * @module
 */
import { chooseBuild } from "#core/environment/choose-build.ts";
import { AppError } from "#core/errors.ts";
import { getBuild } from "./builds.ts";
import type { Db } from "./db.ts";
import { getEnvironment } from "./environments.ts";
import { buildRowsPrefix, environmentKey, namespacePartition } from "./keys.ts";
import { readPartition } from "./query.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { transact } from "./transact.ts";
import { change } from "./transact-items.ts";

export interface EnvironmentChange {
  readonly buildId?: number;
  readonly description?: string;
}

/**
 * Changes an environment. The caller asks for the link afterwards.
 * @throws AppError environment_not_found, invalid_request (a build that cannot be shown), try_again
 */
export async function updateEnvironment(
  db: Db,
  namespace: string,
  name: string,
  { buildId, description }: EnvironmentChange,
): Promise<void> {
  await withRetry(async () => {
    const environment = await getEnvironment(db, namespace, name);
    if (!environment) throw new AppError("environment_not_found", "environment does not exist");
    if (buildId === undefined && description === undefined) return "done";
    const chosen =
      buildId === undefined
        ? null
        : chooseBuild(
            environment,
            await getBuild(db, buildId),
            buildId,
            await newestBuildId(db, namespace, name),
          );
    const { id, currentAfter } = environment;
    const outcome = await transact(db, [
      change(db, environmentKey(namespace, name), {
        set: { ...(description === undefined ? {} : { description }), ...chosen },
        ...(chosen ? { add: { linkVersion: 1 } } : {}),
        // Another build may have become the current one meanwhile: then the choice is made anew, from what is there.
        where: { id, ...(chosen ? { currentAfter } : {}) },
      }),
    ]);
    return outcome.kind === "done" ? "done" : AGAIN;
  });
}

async function newestBuildId(db: Db, namespace: string, name: string): Promise<number> {
  const read = { partition: namespacePartition(namespace), prefix: buildRowsPrefix(name) };
  for await (const item of readPartition(db, { ...read, descending: true, limit: 1 }))
    return item["id"] as number;
  return 0;
}
