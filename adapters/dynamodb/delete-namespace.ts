/**
 * Deleting namespaces: hidden in one transaction, then emptied in portions, its own item last; until then its name is
 * not free, so that nothing of the old can appear in a new one.
 * @module
 */
import { minutesAfter } from "#core/build/job.ts";
import { AppError } from "#core/errors.ts";
import type { Namespace } from "#core/namespace/namespace.ts";
import { type AuditedDb, auditItem } from "./audit.ts";
import { deleteWhole } from "./delete-build.ts";
import { deleteEnvironment, emptyEnvironment } from "./delete-environment.ts";
import { putDue } from "./due.ts";
import { readEnvironments } from "./environments.ts";
import { UNSET } from "./expression.ts";
import {
  BUILD_ROWS_PREFIX,
  GONE_ROWS_PREFIX,
  type Key,
  MEMBERSHIP_PREFIX,
  namespaceKey,
  namespacePartition,
  ROLE_PREFIX,
} from "./keys.ts";
import { findNamespace, getNamespace } from "./namespaces.ts";
import { readPartition } from "./query.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { takeRolesBack } from "./roles.ts";
import { transact } from "./transact.ts";
import { change, check, remove } from "./transact-items.ts";

/** Hides a namespace and all that is in it. @throws AppError namespace_not_found, try_again */
export async function deleteNamespace(db: AuditedDb, name: string, at: Date): Promise<Namespace> {
  return await withRetry(async () => {
    const namespace = await getNamespace(db, name);
    if (!namespace) throw new AppError("namespace_not_found", "namespace does not exist");
    const { id } = namespace;
    const outcome = await transact(db, [
      change(db, namespaceKey(name), {
        set: { deletedOn: at.toISOString() },
        where: { id, deletedOn: UNSET },
      }),
      putDue(db, { due: at, job: { kind: "namespace", name, id } }),
      auditItem(db, { action: "namespace.delete", namespace: name }, at),
    ]);
    return outcome.kind === "done" ? namespace : AGAIN;
  });
}

interface Portion {
  readonly by: "api" | "sweep";
  readonly at: Date;
  /** Builds and other items together. */
  readonly most: number;
  /** Told of each environment whose link is to go. */
  readonly unlink: (environment: string) => Promise<void>;
}

/** Longer than any function runs: who took it before this and has not given it back is dead. */
const TAKEN_MINUTES = 3;

/**
 * Removes a portion of what is in a deleted namespace. One at a time does so: who came late to an empty one would find
 * what somebody has put into a new one of the same name.
 * @returns whether nothing is left, the name included
 */
export async function emptyNamespace(
  db: AuditedDb,
  place: { readonly name: string; readonly id: number },
  portion: Portion,
): Promise<boolean> {
  const found = await findNamespace(db, place.name);
  if (found?.id !== place.id) return true;
  const { emptiedSince } = found;
  if (emptiedSince !== null && minutesAfter(emptiedSince, TAKEN_MINUTES) > portion.at) return false;
  const taken = portion.at.toISOString();
  const mine = { id: place.id, emptiedSince: taken };
  const take = (from: string | typeof UNSET, to: string | null) =>
    transact(db, [
      change(db, namespaceKey(place.name), {
        set: { emptiedSince: to },
        where: { ...mine, emptiedSince: from },
      }),
    ]);
  if ((await take(emptiedSince?.toISOString() ?? UNSET, taken)).kind !== "done") return false;
  const done = await empty(db, place, portion);
  if (!done) await take(taken, null);
  return done;
}

async function empty(
  db: AuditedDb,
  { name, id }: { readonly name: string; readonly id: number },
  { by, at, most, unlink }: Portion,
): Promise<boolean> {
  let left = most;
  for (const environment of await readEnvironments(db, name, "asc", left)) {
    if (environment.namespace.id !== id) return false;
    await deleteEnvironment(db, name, environment.name, at).catch(ifNotGone);
    await unlink(environment.name);
    const place = { namespace: name, name: environment.name, id: environment.id };
    left -= 1 + (await emptyEnvironment(db, place, { by, at, most: left }));
    if (left <= 0) return false;
  }
  for await (const item of readPartition(db, { partition: namespacePartition(name), pageSize: 100 })) {
    if (left-- <= 0) return false;
    const key = { pk: String(item["pk"]), sk: String(item["sk"]) };
    if (isRow(key) && typeof item["id"] === "number") await deleteWhole(db, item["id"], by, at);
    else await removeItem(db, name, id, key);
  }
  await withRetry(async () => {
    const outcome = await transact(db, [remove(db, namespaceKey(name), { id })]);
    return outcome.kind === "contention" ? AGAIN : "done";
  });
  return true;
}

/** Roles go from both sides. The counts sort behind the rows of all builds that change them. */
async function removeItem(db: AuditedDb, namespace: string, id: number, key: Key): Promise<void> {
  const giver = `${MEMBERSHIP_PREFIX}OF#`;
  if (key.sk.startsWith(ROLE_PREFIX)) {
    return await takeRolesBack(db, namespace, [key.sk.slice(ROLE_PREFIX.length)]);
  }
  if (key.sk.startsWith(giver)) return await takeRolesBack(db, key.sk.slice(giver.length), [namespace]);
  await withRetry(async () => {
    const outcome = await transact(db, [
      check(db, namespaceKey(namespace), { id }),
      { Delete: { TableName: db.table, Key: key } },
    ]);
    return outcome.kind === "contention" ? AGAIN : "done";
  });
}

const isRow = ({ sk }: Key): boolean => sk.startsWith(BUILD_ROWS_PREFIX) || sk.startsWith(GONE_ROWS_PREFIX);

function ifNotGone(error: unknown): void {
  if (!(error instanceof AppError && error.code === "environment_not_found")) throw error;
}
