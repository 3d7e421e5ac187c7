/**
 * Writing the audit: one more item in the transaction of the change it tells of.
 * @module
 */
import type { Actor, AuditedChange, Origin } from "#core/audit/entry.ts";
import type { Db } from "./db.ts";
import { withVersion } from "./item.ts";
import { AUDIT_ALL, auditActorPartition, auditKey } from "./keys.ts";
import type { TransactItem } from "./transact.ts";

/** The table on behalf of somebody. What changes something that a person would ask about takes no other. */
export interface AuditedDb extends Db {
  readonly origin: Origin;
  /** How long entries are kept. */
  readonly auditDays: number;
}

export const onBehalf = (db: Db, origin: Origin, auditDays: number): AuditedDb => ({
  ...db,
  origin,
  auditDays,
});

/** The same request, of which somebody else is the author: who has just logged in, or the system. */
export const by = (db: AuditedDb, actor: Actor): AuditedDb => ({
  ...db,
  origin: { ...db.origin, by: actor },
});

const DAY_MS = 86_400_000;

/** Part of a transaction. @param at when the change was made, if it says so itself */
export function auditItem(
  { table: TableName, origin, auditDays }: AuditedDb,
  { action, namespace, environment, build, details }: AuditedChange,
  at = new Date(),
): TransactItem {
  const { by: actor, requestId, address } = origin;
  const id = crypto.randomUUID();
  return {
    Put: {
      TableName,
      Item: withVersion({
        ...auditKey(namespace ?? null, at, id),
        auditBy: auditActorPartition(actor),
        auditAll: AUDIT_ALL,
        expiresAt: Math.ceil((at.getTime() + auditDays * DAY_MS) / 1000),
        action,
        by: actor,
        requestId,
        address,
        ...(namespace === undefined ? {} : { namespace }),
        ...(environment === undefined ? {} : { environment }),
        ...(build === undefined ? {} : { build }),
        ...(details === undefined ? {} : { details }),
      }),
    },
  };
}
