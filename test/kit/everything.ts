/**
 * All that a store holds, so that a refusal can be shown to have written nothing.
 * @module
 */
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import type { Db } from "#adapters/dynamodb/db.ts";
import { openDocuments } from "#test/kit/documents.ts";

/** Every item as text, but for the counts of requests, which refused ones raise too. */
export async function everythingIn(db: Db): Promise<readonly string[]> {
  const { Items = [] } = await openDocuments().send(
    new ScanCommand({ TableName: db.table, ConsistentRead: true }),
  );
  return Items.filter(({ pk }) => !String(pk).startsWith("RATE#"))
    .map((item) => JSON.stringify(item))
    .sort();
}
