/**
 * What namespaces add up to, and what is being built now.
 * @module
 */
import type { BuildCounts, Namespace } from "#core/namespace/namespace.ts";
import { batchGet } from "./batch-get.ts";
import { getBuilds } from "./builds.ts";
import type { Db } from "./db.ts";
import { countsKey } from "./keys.ts";
import { type Slot, slots } from "./line.ts";
import { readNamespaces, toBuildCounts } from "./namespaces.ts";

export interface NamespaceTotals {
  readonly namespace: Namespace;
  readonly counts: BuildCounts;
}

/** Namespaces that the filter takes, in the order of their names, with what their builds add up to. */
export async function readTotals(db: Db, wanted: (namespace: string) => boolean): Promise<NamespaceTotals[]> {
  const namespaces = (await readNamespaces(db, "asc")).filter(({ name }) => wanted(name));
  const items = await batchGet(
    db,
    namespaces.map(({ name }) => countsKey(name)),
  );
  const byPartition = new Map(items.map((item) => [item["pk"], item]));
  return namespaces.map((namespace) => ({
    namespace,
    counts: toBuildCounts(byPartition.get(countsKey(namespace.name).pk) ?? {}),
  }));
}

/** Slots whose attempt has claimed its build. */
export async function readBuilding(db: Db): Promise<Slot[]> {
  const taken = await slots(db);
  const builds = await getBuilds(
    db,
    taken.map(({ build }) => build),
  );
  return taken.filter(({ build }) => builds.get(build)?.status === "BUILDING");
}
