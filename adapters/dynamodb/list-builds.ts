/**
 * Lists of builds: of one environment by its own rows, of more by the rows of the namespaces the caller sees.
 * Cost: docs/access-patterns.md, 23 and 24.
 * @module
 */
import type { Build } from "#core/build/build.ts";
import { AppError } from "#core/errors.ts";
import { asksForBuilds, type BuildFilter, buildsThatMatch } from "./build-filter.ts";
import { readEnvironmentRows, readNamespaceRows } from "./build-rows.ts";
import { getBuilds } from "./builds.ts";
import type { Db } from "./db.ts";
import { getEnvironment } from "./environments.ts";
import type { Coverage } from "./list-environments.ts";
import { type Page, type PageRequest, readNamespaces } from "./namespaces.ts";

export type BuildSortKey = "id" | "scheduled_on" | "started_on" | "ended_on";

export interface BuildQuery extends BuildFilter, PageRequest {
  readonly visible: (namespace: string, environment: string) => boolean;
  readonly coverage: (namespace: string) => Coverage;
  /** Only these namespaces, exact names; without it every namespace is a candidate. */
  readonly namespaces?: readonly string[];
  /** Exact name of the environment. */
  readonly name?: string;
  readonly environmentId?: number;
  /** @default id */
  readonly sortBy?: readonly BuildSortKey[];
}

/** One page, and how many builds match in all. Ids are given in the order of scheduling, so both keys are one. */
export async function listBuilds(db: Db, query: BuildQuery): Promise<Page<Build>> {
  const { sortBy = [], namespaces, name } = query;
  const byId = sortBy.every((key) => key === "id" || key === "scheduled_on");
  const plain = byId && !asksForBuilds(query);
  const [only, another] = namespaces ?? [];
  if (plain && name !== undefined && only !== undefined && another === undefined) {
    return await buildsOfEnvironment(db, only, name, query);
  }
  const ids = await matchingIds(db, query);
  if (plain) return { items: await inOrder(db, pageOf(sortIds(ids, query), query)), count: ids.length };
  const found = await inOrder(db, sortIds(ids, query));
  const matching = await buildsThatMatch(db, found, query);
  const sorted = byId ? matching : matching.sort(comparing(sortBy, query.order ?? "asc"));
  return { items: pageOf(sorted, query), count: sorted.length };
}

/** Costs the same however many builds there are, on the first pages. */
async function buildsOfEnvironment(
  db: Db,
  namespace: string,
  name: string,
  query: BuildQuery,
): Promise<Page<Build>> {
  const none = { items: [], count: 0 };
  if (!query.visible(namespace, name)) return none;
  const environment = await getEnvironment(db, namespace, name);
  if (!environment || (query.environmentId ?? environment.id) !== environment.id) return none;
  const { page, size, order } = query;
  if ((page - 1) * size >= environment.builds) return { items: [], count: environment.builds };
  const ids: number[] = [];
  const place = { namespace, environment: name, environmentId: environment.id };
  const how = { descending: order === "desc", pageSize: page * size };
  for await (const row of readEnvironmentRows(db, place, how)) {
    ids.push(row.id);
    if (ids.length === page * size) break;
  }
  return { items: await inOrder(db, pageOf(ids, query)), count: environment.builds };
}

/** Beyond, a list is no answer to anything, and reading it would outlast the gateway's patience. */
const ROWS_MAX = 100_000;
/** Namespaces asked at a time. */
const AT_ONCE = 16;

async function matchingIds(db: Db, query: BuildQuery): Promise<number[]> {
  const { coverage, visible, environmentId } = query;
  const names = query.namespaces ?? (await readNamespaces(db, "asc")).map(({ name }) => name);
  const candidates = [...new Set(names)].filter((name) => coverage(name) !== "none");
  const ids: number[] = [];
  for (let i = 0; i < candidates.length; i += AT_ONCE) {
    const parts = await Promise.all(
      candidates.slice(i, i + AT_ONCE).map(async (namespace) => {
        const rows = await readNamespaceRows(db, namespace, query.name, ROWS_MAX + 1);
        const mine = rows.filter(
          (row) =>
            (environmentId === undefined || row.environmentId === environmentId) &&
            (coverage(namespace) === "all" || visible(namespace, row.environment)),
        );
        return mine.map(({ id }) => id);
      }),
    );
    for (const part of parts) for (const id of part) ids.push(id);
    if (ids.length > ROWS_MAX) {
      throw new AppError(
        "invalid_request",
        `More than ${ROWS_MAX} builds match: name a namespace, or an environment in it.`,
      );
    }
  }
  return ids;
}

const sortIds = (ids: readonly number[], { order }: BuildQuery): number[] =>
  [...ids].sort((a, b) => (order === "desc" ? b - a : a - b));

const pageOf = <T>(all: readonly T[], { page, size }: PageRequest): T[] =>
  all.slice((page - 1) * size, page * size);

async function inOrder(db: Db, ids: readonly number[]): Promise<Build[]> {
  const builds = await getBuilds(db, ids);
  return ids.flatMap((id) => builds.get(id) ?? []);
}

/** A time that has not come is later than every other. Ties go by id. */
function comparing(sortBy: readonly BuildSortKey[], order: "asc" | "desc") {
  const later = (at: Date | null): number => at?.getTime() ?? Number.POSITIVE_INFINITY;
  const values: Record<BuildSortKey, (build: Build) => number> = {
    id: ({ id }) => id,
    scheduled_on: ({ id }) => id,
    started_on: ({ startedOn }) => later(startedOn),
    ended_on: ({ endedOn }) => later(endedOn),
  };
  const direction = order === "desc" ? -1 : 1;
  return (a: Build, b: Build): number => {
    for (const key of [...sortBy, "id"] as const) {
      const [x, y] = [values[key](a), values[key](b)];
      if (x !== y) return x < y ? -direction : direction;
    }
    return 0;
  };
}
