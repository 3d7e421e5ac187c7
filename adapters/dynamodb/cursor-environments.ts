/**
 * Environments behind a cursor: where the last page ended, not how many came before, so that what is made or removed
 * meanwhile shifts nothing. Cost: docs/access-patterns.md, 6.
 * @module
 */
import type { EnvironmentCursor } from "#core/environment/cursor.ts";
import type { EnvironmentRow } from "#core/environment/environment.ts";
import type { Db } from "./db.ts";
import {
  type EnvironmentFilter,
  type EnvironmentSortKey,
  matchingEnvironments,
} from "./list-environments.ts";

export interface CursorPage {
  readonly items: readonly EnvironmentRow[];
  readonly count: number;
  /** null when there is nothing behind this page. */
  readonly next: EnvironmentCursor | null;
}

const VALUES: Record<EnvironmentSortKey, (environment: EnvironmentRow) => string> = {
  namespace: ({ namespace }) => namespace.name,
  name: ({ name }) => name,
};

/** The rows strictly behind the cursor, ordered by the given keys, then by id. */
export async function listBehindCursor(
  db: Db,
  query: EnvironmentFilter,
  cursor: EnvironmentCursor | null,
  limit: number,
): Promise<CursorPage> {
  const { sortBy = [], order = "asc" } = query;
  const direction = order === "desc" ? -1 : 1;
  const positionOf = (environment: EnvironmentRow): EnvironmentCursor => ({
    id: environment.id,
    values: sortBy.map((key) => VALUES[key](environment)),
  });
  const all = (await matchingEnvironments(db, query)).map((environment) => ({
    environment,
    at: positionOf(environment),
  }));
  const behind = all
    .filter(({ at }) => cursor === null || direction * compare(at, cursor) > 0)
    .sort((a, b) => direction * compare(a.at, b.at));
  const items = behind.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(({ environment }) => environment),
    count: all.length,
    next: behind.length > limit && last ? last.at : null,
  };
}

function compare(a: EnvironmentCursor, b: EnvironmentCursor): number {
  for (const [i, value] of a.values.entries()) {
    const other = b.values[i] ?? "";
    if (value !== other) return value < other ? -1 : 1;
  }
  return a.id - b.id;
}
