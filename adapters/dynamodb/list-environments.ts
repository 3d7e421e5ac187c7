/**
 * Lists of environments: what the caller may see, filtered, sorted, one page.
 * Cost: docs/access-patterns.md, 6 and 7.
 * @module
 */
import type { EnvironmentRow } from "#core/environment/environment.ts";
import { asksForBuilds, type BuildFilter, buildsThatMatch } from "./build-filter.ts";
import { getBuilds } from "./builds.ts";
import type { Db } from "./db.ts";
import { readEnvironmentRows } from "./environments.ts";
import { getNamespace, type Page, type PageRequest, readNamespaces } from "./namespaces.ts";
import { usesOfAll } from "./uses.ts";

/** How much of a namespace the caller sees. */
export type Coverage = "all" | "some" | "none";

export type EnvironmentSortKey = "namespace" | "name";

/** Which environments, and in which order; what is asked of builds is asked of the current one. */
export interface EnvironmentFilter extends BuildFilter {
  readonly visible: (namespace: string, name: string) => boolean;
  /** Lets whole namespaces be skipped, or counted without reading them. @default "some" for each */
  readonly coverage?: (namespace: string) => Coverage;
  /** Only these namespaces, exact names; without it every namespace is a candidate. */
  readonly namespaces?: readonly string[];
  /** Unknown names must have been taken out. @default namespace, then name */
  readonly sortBy?: readonly EnvironmentSortKey[];
  readonly order?: "asc" | "desc";
  /** Exact name. */
  readonly name?: string;
  /** Part of the namespace's or the environment's name. */
  readonly search?: string;
}

export type EnvironmentQuery = EnvironmentFilter & PageRequest;

/** One page, and how many environments match in all. */
export async function listEnvironments(db: Db, query: EnvironmentQuery): Promise<Page<EnvironmentRow>> {
  const { page, size, order = "asc", coverage = () => "some" } = query;
  const from = (page - 1) * size;
  if (isPlain(query)) {
    const candidates = await candidatesOf(db, query);
    // Whole namespaces are passed by their counts; in the one where the page begins, what comes before it is not sent.
    let count = 0;
    const items: EnvironmentRow[] = [];
    for (const { name, environments } of candidates) {
      const skip = Math.max(0, from - count);
      const limit = from + size - count - skip;
      if (coverage(name) === "all") {
        if (limit > 0 && skip < environments) {
          items.push(...(await readEnvironmentRows(db, name, order, { skip, limit })));
        }
        count += environments;
      } else {
        const read = await readEnvironmentRows(db, name, order);
        const seen = read.filter((each) => query.visible(name, each.name));
        items.push(...seen.slice(skip, skip + Math.max(0, limit)));
        count += seen.length;
      }
    }
    return { items, count };
  }
  const matching = await matchingEnvironments(db, query);
  const sorted = matching.sort(comparing(query.sortBy ?? [], order));
  return { items: sorted.slice(from, from + size), count: sorted.length };
}

/** Every environment that matches, in no order that may be relied on. */
export async function matchingEnvironments(db: Db, query: EnvironmentFilter): Promise<EnvironmentRow[]> {
  const { packages = [], namespaces, order = "asc" } = query;
  const uses = packages.length === 0 ? null : await usesOfAll(db, packages, namespaces);
  const all: EnvironmentRow[] = [];
  for (const { name } of await candidatesOf(db, uses ? { ...query, namespaces: [...uses.keys()] } : query)) {
    const inUse = uses?.get(name);
    const read = await readEnvironmentRows(db, name, order);
    all.push(
      ...read.filter(
        (each) =>
          (!inUse || inUse.has(each.use?.id ?? "")) &&
          query.visible(name, each.name) &&
          namesMatch(each, query),
      ),
    );
  }
  return await currentBuildsMatch(db, all, query);
}

/** Namespaces that can hold something of it. */
async function candidatesOf(
  db: Db,
  query: EnvironmentFilter,
): Promise<readonly { name: string; environments: number }[]> {
  const { coverage = () => "some" } = query;
  return (await namespacesOf(db, query)).filter(({ name }) => coverage(name) !== "none");
}

/** Above this it costs less to read all namespaces than each by its name. */
const NAMED_MAX = 30;

/** In the order of their names. */
async function namespacesOf(
  db: Db,
  { namespaces, order = "asc" }: EnvironmentFilter,
): Promise<readonly { name: string; environments: number }[]> {
  if (!namespaces || namespaces.length > NAMED_MAX) {
    const named = namespaces && new Set(namespaces);
    return (await readNamespaces(db, order)).filter(({ name }) => !named || named.has(name));
  }
  const found = await Promise.all([...new Set(namespaces)].map((name) => getNamespace(db, name)));
  const direction = order === "desc" ? -1 : 1;
  return found
    .filter((namespace) => namespace !== null)
    .sort((a, b) => direction * compareBytes(a.name, b.name));
}

/** The table's own order and no filter on environments: no row outside the page need be read. */
function isPlain({ name, search, status, artifact, packages, sortBy = [] }: EnvironmentFilter): boolean {
  const filtered = name !== undefined || Boolean(search) || status !== undefined || artifact !== undefined;
  return !filtered && !packages?.length && sortBy[0] !== "name";
}

function namesMatch({ namespace, name }: EnvironmentRow, query: EnvironmentFilter): boolean {
  if (query.name !== undefined && name !== query.name) return false;
  const { search } = query;
  return !search || namespace.name.includes(search) || name.includes(search);
}

async function currentBuildsMatch(
  db: Db,
  environments: EnvironmentRow[],
  { status, artifact }: EnvironmentFilter,
): Promise<EnvironmentRow[]> {
  const filter = { ...(status ? { status } : {}), ...(artifact ? { artifact } : {}) };
  if (!asksForBuilds(filter)) return environments;
  const builds = await getBuilds(
    db,
    environments.map(({ currentBuildId }) => currentBuildId),
  );
  const right = new Set(
    (await buildsThatMatch(db, [...builds.values()], filter)).map(({ id }) => id as number),
  );
  return environments.filter(({ currentBuildId }) => right.has(currentBuildId));
}

/** Sorted by the given keys, then by namespace, name: an order without ties. */
function comparing(sortBy: readonly EnvironmentSortKey[], order: "asc" | "desc") {
  const values = { namespace: (e: EnvironmentRow) => e.namespace.name, name: (e: EnvironmentRow) => e.name };
  const direction = order === "desc" ? -1 : 1;
  return (a: EnvironmentRow, b: EnvironmentRow): number => {
    for (const key of [...sortBy, "namespace", "name"] as const) {
      const difference = compareBytes(values[key](a), values[key](b));
      if (difference !== 0) return direction * difference;
    }
    return 0;
  };
}

/** As DynamoDB orders sort keys. Names are ASCII, so UTF-16 units are bytes. */
const compareBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
