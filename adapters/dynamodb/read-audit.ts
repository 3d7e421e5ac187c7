/**
 * Reading the audit: of a namespace, of an actor, or of the whole store; in the order of time, a portion at a time.
 * @module
 */
import type { Actor, AuditAction, AuditEntry } from "#core/audit/entry.ts";
import { TABLE_INDEXES, TABLE_KEYS } from "#core/layout.ts";
import { QueryCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { type Item, toDate } from "./item.ts";
import { AUDIT_ALL, auditActorPartition, auditNamespacePartition } from "./keys.ts";

/** Whose entries. Those of a namespace are strongly consistent; the other two come from an index, moments later. */
export type AuditPart =
  | { readonly kind: "namespace"; readonly namespace: string }
  | { readonly kind: "actor"; readonly actor: Actor }
  | { readonly kind: "store" };

export interface AuditRead {
  readonly part: AuditPart;
  /** From this moment on. */
  readonly since: Date | null;
  /** Before this moment. */
  readonly until: Date | null;
  readonly order: "asc" | "desc";
  /** Position of the entry behind which to go on; null for the beginning. */
  readonly after: string | null;
  /** Of the entries, those wanted. */
  readonly wanted: (entry: AuditEntry) => boolean;
  readonly most: number;
  /** What the wanted entries may take up together, by `sizeOf`; one is always given. */
  readonly bytesMax: number;
  readonly sizeOf: (entry: AuditEntry) => number;
}

export interface AuditPortion {
  readonly entries: readonly AuditEntry[];
  /** Position to go on behind; null when there is nothing more. A portion may be empty and yet not the last. */
  readonly next: string | null;
}

/** Entries looked at in one portion: what a filter passes over counts too. */
const LOOKED_AT_MAX = 2_000;
/** A megabyte each, where entries are large. */
const CALLS_MAX = 10;
const PER_CALL = { least: 25, most: 500 };

/** Reads one portion. Entries whose time is over are gone, whether or not DynamoDB has removed them yet. */
export async function readAudit(db: Db, read: AuditRead): Promise<AuditPortion> {
  const entries: AuditEntry[] = [];
  const now = Date.now() / 1000;
  let bytes = 0;
  let looked = 0;
  let last = read.after;
  for (let calls = 0; calls < CALLS_MAX && looked < LOOKED_AT_MAX; calls += 1) {
    const { items, isLast } = await readBehind(
      db,
      read,
      last,
      Math.min(PER_CALL.most, Math.max(read.most + 1, PER_CALL.least)),
    );
    for (const item of items) {
      const entry = toEntry(item);
      const wanted = Number(item["expiresAt"]) > now && read.wanted(entry);
      if (wanted) {
        const size = read.sizeOf(entry);
        if (entries.length === read.most || (entries.length > 0 && bytes + size > read.bytesMax)) {
          return { entries, next: last };
        }
        bytes += size;
        entries.push(entry);
      }
      last = positionOf(item);
      looked += 1;
    }
    if (isLast) return { entries, next: null };
  }
  return { entries, next: last };
}

/** Sorts before and after every time. */
const [FIRST, LAST] = ["0", "~"];

/**
 * The next items of the part. Bounds instead of a start key: the position comes from the caller, and a bound can be
 * anything. Positions are unique, so that at most one item is read twice.
 */
async function readBehind(
  db: Db,
  { part, since, until, order }: AuditRead,
  position: string | null,
  most: number,
): Promise<{ readonly items: readonly Item[]; readonly isLast: boolean }> {
  const from = since?.toISOString() ?? FIRST;
  const to = until?.toISOString() ?? LAST;
  const low = order === "asc" && position !== null && position > from ? position : from;
  const high = order === "desc" && position !== null && position < to ? position : to;
  if (low > high) return { items: [], isLast: true };
  const { partition, value, index } = placeOf(part);
  const { Items = [], LastEvaluatedKey } = await db.client.send(
    new QueryCommand({
      TableName: db.table,
      ...(index === null ? { ConsistentRead: true } : { IndexName: index }),
      KeyConditionExpression: `${partition} = :part AND ${TABLE_KEYS.sort} BETWEEN :low AND :high`,
      ExpressionAttributeValues: { ":part": value, ":low": low, ":high": high },
      ScanIndexForward: order === "asc",
      Limit: most + 1,
    }),
  );
  return {
    items: Items.filter((item) => positionOf(item) !== position),
    isLast: LastEvaluatedKey === undefined,
  };
}

function placeOf(part: AuditPart): { partition: string; value: string; index: string | null } {
  const named = (index: keyof typeof TABLE_INDEXES, value: string) => ({
    partition: TABLE_INDEXES[index],
    value,
    index,
  });
  switch (part.kind) {
    case "namespace":
      return { partition: TABLE_KEYS.partition, value: auditNamespacePartition(part.namespace), index: null };
    case "actor":
      return named("auditByActor", auditActorPartition(part.actor));
    case "store":
      return named("auditByTime", AUDIT_ALL);
  }
}

const positionOf = (item: Item): string => String(item[TABLE_KEYS.sort]);

function toEntry(item: Item): AuditEntry {
  const [at = "", id = ""] = positionOf(item).split("#");
  return {
    id,
    at: toDate(at),
    action: item["action"] as AuditAction,
    by: item["by"] as Actor,
    requestId: item["requestId"] as string | null,
    address: item["address"] as string | null,
    namespace: (item["namespace"] as string | undefined) ?? null,
    environment: (item["environment"] as string | undefined) ?? null,
    build: (item["build"] as number | undefined) ?? null,
    details: (item["details"] as AuditEntry["details"] | undefined) ?? null,
  };
}
