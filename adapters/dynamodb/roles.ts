/**
 * Role mappings: what members of a namespace may do beside what their token says. Two kinds, as conda-store has them:
 * `given` (its version 2) gives members of another namespace a role on all of one; `own` (version 1) gives the members of a
 * namespace roles on any pattern. Everything that counts for a member lies together, so that asking is one call.
 * @module
 */
import { type BindingMap, parseBindings } from "#core/access/binding.ts";
import type { Grant } from "#core/access/entity.ts";
import type { Role } from "#core/access/permission.ts";
import { AppError } from "#core/errors.ts";
import { type AuditedDb, auditItem } from "./audit.ts";
import { GetCommand } from "./commands.ts";
import { nextId } from "./counters.ts";
import type { Db } from "./db.ts";
import { UNSET } from "./expression.ts";
import type { Item } from "./item.ts";
import {
  MEMBERSHIP_PREFIX,
  membershipKey,
  namespaceKey,
  namespacePartition,
  ownMappingsKey,
  ROLE_PREFIX,
  roleKey,
} from "./keys.ts";
import { getNamespace } from "./namespaces.ts";
import { readPartition } from "./query.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { type TransactItem, transact } from "./transact.ts";
import { change, check, create, remove } from "./transact-items.ts";

/** Members of `otherNamespace` have `role` on everything in `namespace`. */
export interface GivenRole {
  readonly id: number;
  readonly namespace: string;
  readonly otherNamespace: string;
  readonly role: Role;
}

/** Members of the namespace that it belongs to have `role` on the pattern `entity`. */
export interface OwnMapping {
  readonly id: number;
  readonly entity: string;
  readonly role: Role;
}

/** What the members of a namespace were given, of both kinds, each with whose admins gave it. One call. */
export async function getMappedGrants(db: Db, namespace: string): Promise<Grant[]> {
  const grants: Grant[] = [];
  const read = { partition: namespacePartition(namespace), prefix: MEMBERSHIP_PREFIX };
  for await (const item of readPartition(db, read)) {
    const giver = item["namespace"] as string | undefined;
    const map = giver ? { [`${giver}/*`]: [item["role"] as Role] } : rolesOf(item["mappings"]);
    const bindings = parseBindings(map) ?? [];
    grants.push({ source: { kind: "role_mapping", by: giver ?? namespace }, bindings });
  }
  return grants;
}

function rolesOf(mappings: unknown): BindingMap {
  const map: Record<string, Role[]> = {};
  for (const { entity, role } of mappings as readonly OwnMapping[]) {
    map[entity] = [...(map[entity] ?? []), role];
  }
  return map;
}

/** Everybody who was given a role on a namespace, by name. */
export async function listGivenRoles(db: Db, namespace: string): Promise<GivenRole[]> {
  const roles: GivenRole[] = [];
  const read = { partition: namespacePartition(namespace), prefix: ROLE_PREFIX };
  for await (const item of readPartition(db, read)) roles.push(toGivenRole(item));
  return roles;
}

/** The role of one, or null. */
export async function getGivenRole(db: Db, namespace: string, other: string): Promise<GivenRole | null> {
  const { Item } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: roleKey(namespace, other), ConsistentRead: true }),
  );
  return Item ? toGivenRole(Item) : null;
}

/**
 * Gives a role.
 * @throws AppError namespace_not_found, invalid_request (no such other namespace), conflict (it has one already)
 */
export async function giveRole(db: AuditedDb, namespace: string, other: string, role: Role): Promise<void> {
  await mustExist(db, namespace, other);
  const id = await nextId(db, "role");
  await withRetry(async () => {
    const outcome = await transact(db, [
      create(db, roleKey(namespace, other), { id, namespace, otherNamespace: other, role }),
      create(db, membershipKey(other, namespace), { namespace, role }),
      check(db, namespaceKey(namespace), { name: namespace, deletedOn: UNSET }),
      ...(other === namespace ? [] : [check(db, namespaceKey(other), { name: other, deletedOn: UNSET })]),
      auditItem(db, { action: "role.give", namespace, details: { other_namespace: other, role } }),
    ]);
    if (outcome.kind === "done") return "done";
    if (outcome.kind === "contention") return AGAIN;
    await mustExist(db, namespace, other);
    throw new AppError("conflict", `Namespace ${other} has a role in ${namespace} already: change that one.`);
  });
}

/** Changes a role. @throws AppError role_not_found */
export async function changeRole(db: AuditedDb, namespace: string, other: string, role: Role): Promise<void> {
  await withRetry(async () => {
    const outcome = await transact(db, [
      change(db, roleKey(namespace, other), { set: { role }, where: { namespace } }),
      change(db, membershipKey(other, namespace), { set: { role }, where: { namespace } }),
      auditItem(db, { action: "role.change", namespace, details: { other_namespace: other, role } }),
    ]);
    if (outcome.kind === "condition") throw new AppError("role_not_found", "failed to find role");
    return outcome.kind === "done" ? "done" : AGAIN;
  });
}

/** Takes roles back; those that are not there are taken back already. */
export async function takeRolesBack(
  db: AuditedDb,
  namespace: string,
  others: readonly string[],
): Promise<void> {
  for (const other of others) {
    await withRetry(async () => {
      const items: TransactItem[] = [
        remove(db, roleKey(namespace, other), { namespace }),
        remove(db, membershipKey(other, namespace), { namespace }),
        auditItem(db, { action: "role.take", namespace, details: { other_namespace: other } }),
      ];
      return (await transact(db, items)).kind === "contention" ? AGAIN : "done";
    });
  }
}

/** Ids for mappings that are about to be stored. */
export const numbered = (db: Db, mappings: readonly Omit<OwnMapping, "id">[]): Promise<OwnMapping[]> =>
  Promise.all(mappings.map(async (mapping) => ({ id: await nextId(db, "role"), ...mapping })));

/** The item's key and content; part of a transaction. */
export const ownMappingsItem = (namespace: string, mappings: readonly OwnMapping[]) => ({
  ...ownMappingsKey(namespace),
  mappings,
});

async function mustExist(db: Db, namespace: string, other: string): Promise<void> {
  const [mine, theirs] = await Promise.all([getNamespace(db, namespace), getNamespace(db, other)]);
  if (!mine) throw new AppError("namespace_not_found", "namespace does not exist");
  if (!theirs) throw new AppError("invalid_request", `Namespace='${other}' not found`);
}

const toGivenRole = (item: Item): GivenRole => ({
  id: item["id"] as number,
  namespace: item["namespace"] as string,
  otherNamespace: item["otherNamespace"] as string,
  role: item["role"] as Role,
});
