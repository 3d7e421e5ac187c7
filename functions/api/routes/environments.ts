/**
 * Environments.
 * @module
 */
import { listBehindCursor } from "#adapters/dynamodb/cursor-environments.ts";
import * as environments from "#adapters/dynamodb/environments.ts";
import {
  type EnvironmentFilter,
  type EnvironmentSortKey,
  listEnvironments,
} from "#adapters/dynamodb/list-environments.ts";
import { getMappedGrants } from "#adapters/dynamodb/roles.ts";
import { updateEnvironment } from "#adapters/dynamodb/update-environment.ts";
import { isMember, withGrants } from "#core/access/entity.ts";
import { both, type Visibility, visible } from "#core/access/may.ts";
import {
  type getEnvironment,
  type listEnvironmentsByCursor as listByCursorRoute,
  type listEnvironments as listRoute,
  UNPAGED_SIZE,
  type updateEnvironment as updateRoute,
} from "#core/contract/environments.ts";
import type { Query } from "#core/contract/route.ts";
import { dataReply, PAGE_SIZE_MAX } from "#core/contract/shapes.ts";
import { readCursor, writeCursor } from "#core/environment/cursor.ts";
import type { EnvironmentRow } from "#core/environment/environment.ts";
import { AppError } from "#core/errors.ts";
import { parsePackageQueries } from "#core/package/package-query.ts";
import { bearerOf } from "../../bearer.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { fewNames, showNamespace } from "./namespaces.ts";

const showCommon = ({ id, namespace, name, currentBuildId, description }: EnvironmentRow) => ({
  id,
  namespace: showNamespace(namespace),
  name,
  current_build_id: currentBuildId,
  description,
});
const showEnvironment = (environment: EnvironmentRow) => ({
  ...showCommon(environment),
  current_build: null,
});

/** All descriptions of one page, as JSON inside a JSON string; the rest of 6 MB is for the rows. */
const DESCRIPTIONS_BYTES_MAX = 4 * 1024 * 1024;
/** What one UTF-16 unit comes to at most: a control character is six bytes in JSON, and its backslash is doubled by Lambda. */
const UNIT_BYTES_MAX = 7;

/** A page whose descriptions would not fit into one answer has the beginnings of them; each environment by itself has it whole. */
function shortened(items: readonly EnvironmentRow[]): readonly EnvironmentRow[] {
  const units = items.reduce((sum, { description }) => sum + (description?.length ?? 0), 0);
  if (units * UNIT_BYTES_MAX <= DESCRIPTIONS_BYTES_MAX) return items;
  const most = Math.floor(DESCRIPTIONS_BYTES_MAX / UNIT_BYTES_MAX / items.length);
  return items.map((each) => ({
    ...each,
    description:
      each.description && each.description.length > most
        ? `${each.description.slice(0, most)}…`.toWellFormed()
        : each.description,
  }));
}

const SORT_KEYS: readonly EnvironmentSortKey[] = ["namespace", "name"];
const isSortKey = (key: string): key is EnvironmentSortKey => (SORT_KEYS as readonly string[]).includes(key);

type Filters = Pick<
  Query<typeof listRoute>,
  "namespace" | "name" | "search" | "status" | "artifact" | "packages" | "order" | "jwt"
>;

/** The filters that both lists have, and what the caller sees. */
async function filterOf(
  services: Services,
  mine: Visibility,
  { namespace, name, search, status, artifact, packages, order, jwt }: Filters,
): Promise<EnvironmentFilter> {
  const sight = jwt === undefined ? mine : both(mine, await sightOf(services, jwt));
  const namespaces = namespace === undefined ? fewNames(sight) : [namespace];
  return {
    ...(namespaces ? { namespaces } : {}),
    ...(name === undefined ? {} : { name }),
    ...(search === undefined ? {} : { search }),
    ...(status === undefined ? {} : { status }),
    ...(artifact === undefined ? {} : { artifact }),
    packages: parsePackageQueries(packages),
    order,
    visible: sight.environment,
    coverage: sight.coverage,
  };
}

async function sightOf(
  services: Pick<Services, "secret" | "db" | "services">,
  jwt: string,
): Promise<Visibility> {
  const { db } = services;
  const other = await bearerOf(services, jwt);
  if (!other) throw new AppError("invalid_request", "jwt is not a token of this service, or it has ended.");
  const mapped = isMember(other) ? await getMappedGrants(db, other.primaryNamespace) : [];
  return visible(withGrants(other, mapped));
}

export const listing =
  (services: Services): Tell<typeof listRoute> =>
  async ({ query, sight }) => {
    const { sort_by, page: askedPage, size: askedSize } = query;
    const unpaged = askedPage === undefined && askedSize === undefined;
    const page = askedPage ?? 1;
    const size = unpaged ? UNPAGED_SIZE : (askedSize ?? PAGE_SIZE_MAX);
    const filter = await filterOf(services, await sight(), query);
    const sortBy = sort_by.filter(isSortKey);
    const { items, count } = await listEnvironments(services.db, { ...filter, sortBy, page, size });
    return { ...dataReply(shortened(items).map(showEnvironment)), page, size, count };
  };

export const listingByCursor =
  (services: Services): Tell<typeof listByCursorRoute> =>
  async ({ query, sight }) => {
    const sortBy = sortKeysOf(query.sort_by);
    const cursor = query.cursor === undefined ? null : readCursor(query.cursor, sortBy);
    if (query.cursor !== undefined && !cursor) {
      throw new AppError(
        "invalid_request",
        "cursor is none that this list gave, sorted as it is asked for now: start again without it.",
      );
    }
    const filter = await filterOf(services, await sight(), query);
    const { items, count, next } = await listBehindCursor(
      services.db,
      { ...filter, sortBy },
      cursor,
      query.limit,
    );
    const rows = shortened(items).map(showCommon);
    return { data: rows, status: "ok", message: null, cursor: next && writeCursor(next, sortBy), count };
  };

/** Unknown keys are refused here, with conda-store's sentence; its v1 list ignores them. */
function sortKeysOf(given: readonly string[]): EnvironmentSortKey[] {
  const keys = given.length === 1 ? (given[0] ?? "").split(",").filter((key) => key !== "") : [...given];
  const known = keys.filter(isSortKey);
  if (known.length === keys.length) return [...new Set(known)];
  const list = (names: readonly string[]): string => `[${names.map((name) => `'${name}'`).join(", ")}]`;
  const unknown = keys.filter((key) => !isSortKey(key)).map((key) => key.slice(0, 40));
  throw new AppError(
    "invalid_request",
    `Cannot sort results by ${list(unknown)}. Valid sort_by values are ${list(SORT_KEYS)}`,
  );
}

export const getting =
  ({ db }: Services): Tell<typeof getEnvironment> =>
  async ({ params }) => {
    const environment = await environments.getEnvironment(db, params.namespace, params.environment);
    if (!environment) throw new AppError("environment_not_found", "environment does not exist");
    return dataReply(showEnvironment(environment));
  };

export const updating =
  ({ askForLink, log }: Services): Tell<typeof updateRoute> =>
  async ({ db, params: { namespace, environment }, body: { build_id, description }, c }) => {
    await updateEnvironment(db, namespace, environment, {
      ...(build_id === null ? {} : { buildId: build_id }),
      ...(description === null ? {} : { description }),
    });
    if (build_id !== null) {
      await askForLink({ namespace, environment }).catch((error: unknown) => {
        log.error("link not asked for", { request_id: c.get("requestId"), namespace, environment, error });
        throw new AppError(
          "try_again",
          "The build is the current one, but its link on the shared disk still leads to the former. Send the same again.",
        );
      });
    }
    return { status: "ok", message: null };
  };
