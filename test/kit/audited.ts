/**
 * Changes that tests make themselves, on behalf of a user of theirs.
 * @module
 */
import { type AuditedDb, auditItem, onBehalf } from "#adapters/dynamodb/audit.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import { transact } from "#adapters/dynamodb/transact.ts";
import type { AuditedChange } from "#core/audit/entry.ts";

const TESTER = { by: { kind: "user", name: "tester" }, requestId: null, address: null } as const;

export const audited = (db: Db): AuditedDb => onBehalf(db, TESTER, 3650);

/** An entry of a change that is made nowhere. */
export async function recordChange(db: AuditedDb, change: AuditedChange): Promise<void> {
  const outcome = await transact(db, [auditItem(db, change)]);
  if (outcome.kind !== "done") throw new Error(outcome.kind);
}
