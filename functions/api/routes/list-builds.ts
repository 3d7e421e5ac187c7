/**
 * Lists of builds.
 * @module
 */
import { type BuildSortKey, listBuilds } from "#adapters/dynamodb/list-builds.ts";
import type { listBuilds as listRoute } from "#core/contract/builds.ts";
import { dataReply } from "#core/contract/shapes.ts";
import { parsePackageQueries } from "#core/package/package-query.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { showBuild } from "./builds.ts";
import { fewNames } from "./namespaces.ts";

const SORT_KEYS: ReadonlySet<string> = new Set<BuildSortKey>([
  "id",
  "scheduled_on",
  "started_on",
  "ended_on",
]);

export const listingBuilds =
  ({ db }: Services): Tell<typeof listRoute> =>
  async ({ query, sight: see }) => {
    const { page, size, order, packages, name, namespace, status, artifact, environment_id } = query;
    const sight = await see();
    const namespaces = namespace === undefined ? fewNames(sight) : [namespace];
    const { items, count } = await listBuilds(db, {
      ...{ page, size, order, packages: parsePackageQueries(packages) },
      ...(namespaces ? { namespaces } : {}),
      ...(name === undefined ? {} : { name }),
      ...(status === undefined ? {} : { status }),
      ...(artifact === undefined ? {} : { artifact }),
      ...(environment_id === undefined ? {} : { environmentId: environment_id }),
      visible: sight.environment,
      coverage: sight.coverage,
      sortBy: query.sort_by.filter((key): key is BuildSortKey => SORT_KEYS.has(key)),
    });
    return { ...dataReply(items.map(showBuild)), page, size, count };
  };
