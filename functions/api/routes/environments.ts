/**
 * Environments.
 * @module
 */
import * as environments from "#adapters/dynamodb/environments.ts";
import { type EnvironmentQuery, listEnvironments } from "#adapters/dynamodb/list-environments.ts";
import { visible } from "#core/access/may.ts";
import {
  type getEnvironment,
  type listEnvironments as listRoute,
  UNPAGED_SIZE,
} from "#core/contract/environments.ts";
import { dataReply, PAGE_SIZE_MAX } from "#core/contract/shapes.ts";
import type { Environment } from "#core/environment/environment.ts";
import { AppError } from "#core/errors.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { fewNames, showNamespace } from "./namespaces.ts";

const showEnvironment = ({ id, namespace, name, currentBuildId, description }: Environment) => ({
  id,
  namespace: showNamespace(namespace),
  name,
  current_build_id: currentBuildId,
  current_build: null,
  description,
});

export const listing =
  ({ db }: Services): Tell<typeof listRoute> =>
  async ({ query, entity }) => {
    const { namespace, sort_by, page: askedPage, size: askedSize, ...rest } = query;
    const unpaged = askedPage === undefined && askedSize === undefined;
    const page = askedPage ?? 1;
    const size = unpaged ? UNPAGED_SIZE : (askedSize ?? PAGE_SIZE_MAX);
    const sight = visible(entity);
    const namespaces = namespace === undefined ? fewNames(sight) : [namespace];
    const sortBy = sort_by.filter(
      (key): key is "namespace" | "name" => key === "namespace" || key === "name",
    );
    const filters = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    const { items, count } = await listEnvironments(db, {
      ...(filters as Pick<
        EnvironmentQuery,
        "name" | "search" | "status" | "artifact" | "packages" | "order"
      >),
      ...(namespaces ? { namespaces } : {}),
      visible: sight.environment,
      coverage: sight.coverage,
      sortBy,
      page,
      size,
    });
    return { ...dataReply(items.map(showEnvironment)), page, size, count };
  };

export const getting =
  ({ db }: Services): Tell<typeof getEnvironment> =>
  async ({ params }) => {
    const environment = await environments.getEnvironment(db, params.namespace, params.environment);
    if (!environment) throw new AppError("environment_not_found", "environment does not exist");
    return dataReply(showEnvironment(environment));
  };
