/**
 * Environments: one item each, in their namespace's partition, in the order of their names.
 * @module
 */
import type { MemoryNeed } from "#core/build/task-size.ts";
import type { Environment, EnvironmentRow, PackageUse } from "#core/environment/environment.ts";
import { GetCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { type Item, toDate, toDateOrNull } from "./item.ts";
import { ENVIRONMENT_PREFIX, environmentKey, namespacePartition } from "./keys.ts";
import { readPartition } from "./query.ts";
import type { TransactItem } from "./transact.ts";
import { create } from "./transact-items.ts";

/** The environment, or null. Sees every write that was answered before. */
export async function getEnvironment(db: Db, namespace: string, name: string): Promise<Environment | null> {
  const { Item } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: environmentKey(namespace, name), ConsistentRead: true }),
  );
  return Item ? toEnvironment(Item) : null;
}

/** A namespace's environments by name; only the first `limit` if given. */
export async function readEnvironments(
  db: Db,
  namespace: string,
  order: "asc" | "desc",
  limit?: number,
): Promise<Environment[]> {
  const environments: Environment[] = [];
  const part = limit === undefined ? {} : { limit };
  for await (const item of readPartition(db, partitionRead(namespace, order, part))) {
    environments.push(toEnvironment(item));
  }
  return environments;
}

interface Part {
  readonly limit?: number;
  readonly skip?: number;
}

/** The same as lists show them, which is a third of it; behind the first `skip` if given. */
export async function readEnvironmentRows(
  db: Db,
  namespace: string,
  order: "asc" | "desc",
  part: Part = {},
): Promise<EnvironmentRow[]> {
  const attributes = [
    "id",
    "namespaceId",
    "namespace",
    "name",
    "description",
    "currentBuildId",
    "useId",
    "useLock",
  ];
  const rows: EnvironmentRow[] = [];
  for await (const item of readPartition(db, { ...partitionRead(namespace, order, part), attributes })) {
    rows.push(toEnvironmentRow(item));
  }
  return rows;
}

const partitionRead = (namespace: string, order: "asc" | "desc", part: Part) => ({
  partition: namespacePartition(namespace),
  prefix: ENVIRONMENT_PREFIX,
  descending: order === "desc",
  ...part,
});

/** Names of a namespace's environments behind one of them. */
export async function* readEnvironmentNames(
  db: Db,
  namespace: string,
  after: string | null,
): AsyncGenerator<string> {
  const read = { partition: namespacePartition(namespace), prefix: ENVIRONMENT_PREFIX };
  const from = after === null ? {} : { after: environmentKey(namespace, after) };
  for await (const item of readPartition(db, { ...read, ...from })) yield String(item["name"]);
}

/** Part of a transaction. The link is kept flat: an update of a nested value would have to know the rest. */
export const createEnvironment = (db: Db, environment: Environment): TransactItem =>
  create(db, environmentKey(environment.namespace.name, environment.name), {
    id: environment.id,
    namespaceId: environment.namespace.id,
    namespace: environment.namespace.name,
    name: environment.name,
    description: environment.description,
    currentBuildId: environment.currentBuildId,
    currentAfter: environment.currentAfter,
    builds: environment.builds,
    createdAt: environment.createdAt.toISOString(),
    ...fromNeed(environment.need),
    linkVersion: environment.link.version,
    linkBuildKey: environment.link.buildKey,
    ...fromUse(environment.use),
  });

export const fromUse = (use: PackageUse | null) => ({
  useId: use?.id ?? null,
  useLock: use?.lockDigest ?? null,
});

export const fromNeed = ({ memoryMiB, until }: MemoryNeed) => ({
  needMiB: memoryMiB,
  needUntil: until?.toISOString() ?? null,
});

const toEnvironmentRow = (item: Item): EnvironmentRow => ({
  id: item["id"] as number,
  namespace: {
    id: item["namespaceId"] as number,
    name: item["namespace"] as EnvironmentRow["namespace"]["name"],
  },
  name: item["name"] as EnvironmentRow["name"],
  description: item["description"] as string,
  currentBuildId: item["currentBuildId"] as number,
  use: toUse(item),
});

/** Environments of before there was such an index have none. */
function toUse(item: Item): PackageUse | null {
  const [id, lockDigest] = [item["useId"] ?? null, item["useLock"] ?? null];
  return id === null || lockDigest === null ? null : { id: String(id), lockDigest: String(lockDigest) };
}

export function toEnvironment(item: Item): Environment {
  return {
    ...toEnvironmentRow(item),
    currentAfter: item["currentAfter"] as number,
    builds: item["builds"] as number,
    createdAt: toDate(item["createdAt"]),
    need: {
      memoryMiB: (item["needMiB"] as number | undefined) ?? 0,
      until: toDateOrNull(item["needUntil"] ?? null),
    },
    link: { version: item["linkVersion"] as number, buildKey: item["linkBuildKey"] as string | null },
  };
}
