/**
 * Namespaces: thin rows in one partition, so that a list is one query; build counts in each namespace's own partition.
 * @module
 */
import { AppError } from "#core/errors.ts";
import type { BuildCounts, Namespace } from "#core/namespace/namespace.ts";
import { type AuditedDb, auditItem } from "./audit.ts";
import { GetCommand } from "./commands.ts";
import { nextId } from "./counters.ts";
import type { Db } from "./db.ts";
import { type Item, toDate, toDateOrNull } from "./item.ts";
import { countsKey, NAMESPACES, namespaceKey } from "./keys.ts";
import { readPartition } from "./query.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { type TransactItem, transact } from "./transact.ts";
import { create } from "./transact-items.ts";

/** One page of a list, and how many there are before paging. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly count: number;
}

export interface PageRequest {
  /** From 1. */
  readonly page: number;
  readonly size: number;
  readonly order?: "asc" | "desc";
}

/** The namespace, or null: a deleted one is none, though its name is not free before it is empty. */
export async function getNamespace(db: Db, name: string): Promise<Namespace | null> {
  const found = await findNamespace(db, name);
  return found?.deletedOn === null ? found : null;
}

export interface FoundNamespace extends Namespace {
  /** Deleted, and not empty yet. */
  readonly deletedOn: Date | null;
  /** Somebody is at it, since then. */
  readonly emptiedSince: Date | null;
}

/** The same for one that was deleted and is not empty yet. */
export async function findNamespace(db: Db, name: string): Promise<FoundNamespace | null> {
  const { Item } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: namespaceKey(name), ConsistentRead: true }),
  );
  return Item ? toFoundNamespace(Item) : null;
}

export function toFoundNamespace(item: Item): FoundNamespace {
  const { deletedOn = null, emptiedSince = null } = item;
  return {
    ...toNamespace(item),
    deletedOn: toDateOrNull(deletedOn),
    emptiedSince: toDateOrNull(emptiedSince),
  };
}

/**
 * Makes a namespace.
 * @throws AppError namespace_exists, with conda-store's sentence; conflict while a deleted one of this name is emptied
 */
export async function createNamespace(db: AuditedDb, name: string, at: Date): Promise<Namespace> {
  const found = await findNamespace(db, name);
  if (found) throw found.deletedOn === null ? namespaceExists() : beingDeleted(name);
  const namespace = { id: await nextId(db, "namespace"), name, createdAt: at, environments: 0 } as Namespace;
  return await withRetry(async () => {
    const outcome = await transact(db, [
      createNamespaceItem(db, namespace),
      auditItem(db, { action: "namespace.create", namespace: name }, at),
    ]);
    if (outcome.kind === "condition") throw namespaceExists();
    return outcome.kind === "done" ? namespace : AGAIN;
  });
}

/** Its name is free again when the last of its items has gone. */
export const beingDeleted = (name: string): AppError =>
  new AppError("conflict", `Namespace ${name} is being deleted: try again in a minute.`);

const namespaceExists = (): AppError => new AppError("namespace_exists", "namespace already exists");

/** Namespaces by name that the caller may see. Reads every thin row: about 120 bytes each. */
export async function listNamespaces(
  db: Db,
  { visible, page, size, order = "asc" }: PageRequest & { readonly visible: (namespace: string) => boolean },
): Promise<Page<Namespace>> {
  const all = await readNamespaces(db, order);
  const mine = all.filter(({ name }) => visible(name));
  return { items: mine.slice((page - 1) * size, page * size), count: mine.length };
}

/** Every namespace, in the order of their names. */
export async function readNamespaces(db: Db, order: "asc" | "desc"): Promise<Namespace[]> {
  const namespaces: Namespace[] = [];
  for await (const item of readPartition(db, { partition: NAMESPACES, descending: order === "desc" })) {
    if (!item["deletedOn"]) namespaces.push(toNamespace(item));
  }
  return namespaces;
}

/** What the namespace's builds add up to; all 0 where there is no such namespace. */
export async function getBuildCounts(db: Db, namespace: string): Promise<BuildCounts> {
  const { Item = {} } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: countsKey(namespace), ConsistentRead: true }),
  );
  return toBuildCounts(Item);
}

/** Of a namespace's counts; what is not there is 0. */
export function toBuildCounts(item: Item): BuildCounts {
  const count = (name: keyof BuildCounts): number => Number(item[name] ?? 0);
  return {
    builds: count("builds"),
    active: count("active"),
    completed: count("completed"),
    failed: count("failed"),
    canceled: count("canceled"),
    sizeBytes: count("sizeBytes"),
  };
}

/** Part of the transaction that makes a namespace; fails if it exists. */
export const createNamespaceItem = (db: Db, { id, name, createdAt, environments }: Namespace): TransactItem =>
  create(db, namespaceKey(name), { id, name, createdAt: createdAt.toISOString(), environments });

function toNamespace(item: Item): Namespace {
  return {
    id: item["id"] as number,
    name: item["name"] as Namespace["name"],
    createdAt: toDate(item["createdAt"]),
    environments: item["environments"] as number,
  };
}
