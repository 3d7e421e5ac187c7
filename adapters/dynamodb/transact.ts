/**
 * A transaction whose failure is an answer: which conditions did not hold, or that it may be tried again.
 * @module
 */
import {
  TransactionCanceledException,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from "./commands.ts";
import type { Db } from "./db.ts";

export type TransactItem = NonNullable<TransactWriteCommandInput["TransactItems"]>[number];

/** Most items of one transaction; DynamoDB takes 100, ours stay small so that conflicts do. */
const TRANSACTION_ITEMS_MAX = 20;

export type Outcome =
  | { readonly kind: "done" }
  /** Positions of the items whose condition did not hold. */
  | { readonly kind: "condition"; readonly failed: readonly number[] }
  /** Conflict with another transaction, or throttled: nothing is written, the same may work a moment later. */
  | { readonly kind: "contention" };

const CONTENTION: ReadonlySet<string> = new Set([
  "TransactionConflict",
  "ThrottlingError",
  "ProvisionedThroughputExceeded",
]);
const CONTENTION_ERRORS: ReadonlySet<string> = new Set([
  "TransactionConflictException",
  "TransactionInProgressException",
  "ThrottlingException",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
]);

/**
 * Writes all items or none.
 * @param token at most 36 characters; the SDK's own retries repeat it, so a write that succeeded unheard stays one
 */
export async function transact(
  db: Db,
  items: readonly TransactItem[],
  token: string = crypto.randomUUID(),
): Promise<Outcome> {
  if (items.length > TRANSACTION_ITEMS_MAX) throw new Error(`${items.length} items in one transaction`);
  try {
    await db.client.send(new TransactWriteCommand({ TransactItems: [...items], ClientRequestToken: token }));
    return { kind: "done" };
  } catch (error) {
    if (error instanceof TransactionCanceledException) {
      const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code ?? "None");
      const failed = codes.flatMap((code, i) => (code === "ConditionalCheckFailed" ? [i] : []));
      if (failed.length > 0) return { kind: "condition", failed };
      if (codes.some((code) => CONTENTION.has(code))) return { kind: "contention" };
    }
    if (error instanceof Error && CONTENTION_ERRORS.has(error.name)) return { kind: "contention" };
    throw error;
  }
}
