/**
 * What uses what: for each package the environments whose current build holds it. A use is one writing of one environment's
 * packages: a row for each package, written before the transaction that makes the build current, which names the use in
 * the environment. Rows of a use that no environment names count for nobody, and sweep removes them.
 * Cost: docs/access-patterns.md, 8, 110 and 111.
 * @module
 */
import { type DueJob, minutesAfter } from "#core/build/job.ts";
import type { Environment, PackageUse } from "#core/environment/environment.ts";
import type { InstalledPackage } from "#core/lock/installed-package.ts";
import { PACKAGE_NAME_MAX, type PackageQuery } from "#core/package/package-query.ts";
import { batchWrite, type WriteRequest } from "./batch-write.ts";
import { DeleteCommand, GetCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { putDue } from "./due.ts";
import { fromUse, getEnvironment } from "./environments.ts";
import { ABSENT, UNSET } from "./expression.ts";
import { packJson, unpackJson, withVersion } from "./item.ts";
import { environmentKey, useKey, useRowKey, useRowsPrefix, usesPartition } from "./keys.ts";
import { getManyPackages } from "./packages.ts";
import { readPartition } from "./query.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { type TransactItem, transact } from "./transact.ts";
import { change, check, create } from "./transact-items.ts";

/** A use that was written and named by nobody, because its writer died or lost, is looked at after this. */
const UNNAMED_MINUTES = 10;

export interface NewUse {
  /** Attributes of the environment, to be set if it still names the former use. */
  readonly set: Readonly<Record<string, unknown>>;
  readonly where: Readonly<Record<string, unknown>>;
  /** For the same transaction: the use must still be whole, and the former's rows are to go. */
  readonly items: readonly TransactItem[];
}

/**
 * Writes the rows of a build that is about to become the current one. Where the environment's packages are the same
 * already, nothing is written.
 * @param environment as the transaction's conditions expect it
 */
export async function prepareUse(
  db: Db,
  environment: Environment,
  lockDigest: string | null,
  at: Date,
): Promise<NewUse> {
  const former = environment.use;
  const where = namesUse(former);
  if (former !== null && former.lockDigest === lockDigest) return { set: {}, where, items: [] };
  // Written a moment ago, so this read has to be a consistent one.
  const packages = lockDigest === null ? null : (await getManyPackages(db, [lockDigest])).get(lockDigest);
  const use = packages && lockDigest !== null ? { id: crypto.randomUUID(), lockDigest } : null;
  const { namespace, name } = environment;
  if (use && packages) await writeUse(db, use.id, { namespace: namespace.name, name }, packages, at);
  return {
    set: fromUse(use),
    where,
    items: [
      ...(use ? [check(db, useKey(use.id), { going: false })] : []),
      ...(former ? [putDue(db, leaveUse(former, at))] : []),
    ],
  };
}

/** The condition that an environment names this use, or none. */
export const namesUse = (use: PackageUse | null) => ({ useId: use?.id ?? UNSET });

/** The job that removes the rows of a use which the environment does not name any more. */
export const leaveUse = ({ id }: PackageUse, at: Date): DueJob => ({
  due: at,
  job: { kind: "use", use: id },
});

interface Place {
  readonly namespace: string;
  readonly name: string;
}

async function writeUse(
  db: Db,
  id: string,
  { namespace, name }: Place,
  packages: readonly InstalledPackage[],
  at: Date,
): Promise<void> {
  const rows = new Map<string, string[]>();
  for (const { name: packageName, version } of packages) {
    if (packageName === "" || packageName.length > PACKAGE_NAME_MAX) continue;
    // conda and pip may have installed one name both.
    rows.set(packageName, [...(rows.get(packageName) ?? []), version]);
  }
  const names = await packJson([...rows.keys()], "The list of packages");
  const kept = { namespace, name, names, going: false };
  // First what removes them, so that nobody who dies in between leaves rows behind.
  const due = { due: minutesAfter(at, UNNAMED_MINUTES), job: { kind: "use", use: id } } as const;
  await withRetry(async () => {
    const outcome = await transact(db, [create(db, useKey(id), kept), putDue(db, due)]);
    return outcome.kind === "contention" ? AGAIN : "done";
  });
  await batchWrite(
    db,
    [...rows].map(([packageName, versions]): WriteRequest => {
      const Item = withVersion({ ...useRowKey(packageName, namespace, name, id), versions });
      return { PutRequest: { Item } };
    }),
  );
}

/**
 * Removes a use's rows unless its environment names it.
 * @returns whether it is done with; false when the environment changed meanwhile
 */
export async function removeUse(db: Db, id: string): Promise<boolean> {
  const { Item } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: useKey(id), ConsistentRead: true }),
  );
  if (!Item) return true;
  const [namespace, name] = [String(Item["namespace"]), String(Item["name"])];
  if (Item["going"] !== true) {
    const environment = await getEnvironment(db, namespace, name);
    if (environment?.use?.id === id) return true;
    const place = environmentKey(namespace, name);
    const outcome = await transact(db, [
      environment
        ? check(db, place, { id: environment.id, ...namesUse(environment.use) })
        : check(db, place, { pk: ABSENT }),
      // From here on nobody can name it.
      change(db, useKey(id), { set: { going: true }, where: { going: false } }),
    ]);
    if (outcome.kind !== "done") return false;
  }
  const names = await unpackJson<string[]>(Item["names"]);
  await batchWrite(
    db,
    names.map(
      (each): WriteRequest => ({ DeleteRequest: { Key: { ...useRowKey(each, namespace, name, id) } } }),
    ),
  );
  await db.client.send(new DeleteCommand({ TableName: db.table, Key: useKey(id) }));
  return true;
}

export interface UseRow {
  readonly use: string;
  readonly namespace: string;
  readonly environment: string;
  readonly versions: readonly string[];
}

/**
 * Rows of the uses that hold a package in a version that is asked for, in the order of namespaces and environments. Some may
 * be of uses that no environment names.
 * @param namespaces only these
 */
export async function readUses(
  db: Db,
  { name, matches }: PackageQuery,
  namespaces?: readonly string[],
): Promise<UseRow[]> {
  if (name === "") return [];
  const rows: UseRow[] = [];
  const parts = namespaces === undefined ? [{}] : namespaces.map((each) => ({ prefix: useRowsPrefix(each) }));
  for (const part of parts) {
    for await (const item of readPartition(db, { partition: usesPartition(name), ...part })) {
      const versions = (item["versions"] as readonly string[]).filter(matches);
      const [namespace = "", environment = "", use = ""] = String(item["sk"]).split("#");
      if (versions.length > 0) rows.push({ use, namespace, environment, versions });
    }
  }
  return rows;
}

/** Uses that hold all the packages that are asked for, by namespace. */
export async function usesOfAll(
  db: Db,
  queries: readonly PackageQuery[],
  namespaces?: readonly string[],
): Promise<Map<string, Set<string>>> {
  let left = new Map<string, string>();
  for (const [i, query] of queries.entries()) {
    const rows = await readUses(db, query, namespaces);
    const before = left;
    left = new Map(
      rows.filter(({ use }) => i === 0 || before.has(use)).map(({ use, namespace }) => [use, namespace]),
    );
    if (left.size === 0) break;
  }
  const inNamespaces = new Map<string, Set<string>>();
  for (const [use, namespace] of left) {
    inNamespaces.set(namespace, (inNamespaces.get(namespace) ?? new Set()).add(use));
  }
  return inNamespaces;
}
