/**
 * The thin rows of builds in their namespace's partition.
 * @module
 */
import type { Db } from "./db.ts";
import { BUILD_ROWS_PREFIX, buildRowsPrefix, goneRowsPrefix, namespacePartition } from "./keys.ts";
import { readPartition } from "./query.ts";

export interface BuildRow {
  readonly id: number;
  readonly environmentId: number;
  readonly environment: string;
}

/**
 * Rows of one environment's builds, by id. Environments of this name that were deleted may have left theirs: rows of
 * others than `environmentId` are passed over.
 */
export async function* readEnvironmentRows(
  db: Db,
  { namespace, environment, environmentId }: { readonly namespace: string } & Omit<BuildRow, "id">,
  how: { readonly descending?: boolean; readonly gone?: boolean; readonly pageSize?: number } = {},
): AsyncGenerator<BuildRow> {
  const { gone = false, ...order } = how;
  const prefix = gone ? goneRowsPrefix(environment) : buildRowsPrefix(environment);
  for await (const item of readPartition(db, {
    partition: namespacePartition(namespace),
    prefix,
    ...order,
  })) {
    if (item["id"] !== undefined && item["environmentId"] === environmentId) {
      yield { id: item["id"] as number, environmentId, environment };
    }
  }
}

/** Rows of the builds in a namespace, or of one name in it, but for those of deleted environments. */
export async function readNamespaceRows(
  db: Db,
  namespace: string,
  environment: string | undefined,
  limit: number,
): Promise<BuildRow[]> {
  const prefix = environment === undefined ? BUILD_ROWS_PREFIX : buildRowsPrefix(environment);
  const rows: BuildRow[] = [];
  // A tombstone stands before the rows of its environment.
  const dead = new Set<number>();
  for await (const item of readPartition(db, { partition: namespacePartition(namespace), prefix })) {
    const environmentId = item["environmentId"] as number;
    if (item["id"] === undefined) dead.add(environmentId);
    else if (!dead.has(environmentId)) {
      const [, name = ""] = String(item["sk"]).split("#");
      rows.push({ id: item["id"] as number, environmentId, environment: name });
      if (rows.length === limit) break;
    }
  }
  return rows;
}
