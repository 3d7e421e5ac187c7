/**
 * DynamoDB's calls as IAM judges them. A transaction is judged item by item, each as the operation it stands for.
 * @module
 */
import { TABLE_INDEXES, TABLE_KEYS } from "#core/layout.ts";
import { type Ask, ask, unknownAsk } from "./call.ts";

type Json = Readonly<Record<string, unknown>>;

const PLAIN: ReadonlySet<string> = new Set(["GetItem", "PutItem", "UpdateItem", "DeleteItem"]);
const IN_TRANSACTION: Readonly<Record<string, string>> = {
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
  ConditionCheck: "ConditionCheckItem",
  Get: "GetItem",
};

/** @param operation the last part of `X-Amz-Target` */
export function asksOfDynamoDb(operation: string, input: Json): Ask[] {
  if (PLAIN.has(operation)) return [onItems(operation, input, [keyOf(input)])];
  if (operation === "Query") return [onItems(operation, input, [partitionOf(input)])];
  if (operation === "TransactWriteItems" || operation === "TransactGetItems") {
    return (input["TransactItems"] as Record<string, Json>[]).flatMap((item) =>
      Object.entries(item).map(([kind, part]) => onItems(IN_TRANSACTION[kind] ?? kind, part, [keyOf(part)])),
    );
  }
  if (operation === "BatchGetItem" || operation === "BatchWriteItem") {
    return Object.entries(input["RequestItems"] as Record<string, unknown>).map(([table, requests]) =>
      onItems(operation, { TableName: table }, keysOfBatch(requests)),
    );
  }
  return [unknownAsk(`dynamodb:${operation}`)];
}

function onItems(operation: string, input: Json, keys: readonly string[]): Ask {
  const index = input["IndexName"];
  const target = { kind: "table", name: String(input["TableName"]) } as const;
  return ask(`dynamodb:${operation}`, typeof index === "string" ? { ...target, below: index } : target, {
    "dynamodb:LeadingKeys": [...new Set(keys)].sort(),
  });
}

const keyOf = (input: Json): string => leading((input["Key"] ?? input["Item"]) as Json);

const leading = (item: Json): string => {
  const value = item[TABLE_KEYS.partition] as { readonly S?: string } | undefined;
  if (value?.S === undefined) throw new Error(`no partition key in ${JSON.stringify(Object.keys(item))}`);
  return value.S;
};

function keysOfBatch(requests: unknown): string[] {
  if (!Array.isArray(requests)) return (requests as { readonly Keys: Json[] }).Keys.map(leading);
  return (requests as Record<string, Json>[]).flatMap((request) => Object.values(request).map(keyOf));
}

/** The value that the key condition compares the partition key with, the table's or the index's. */
function partitionOf(input: Json): string {
  const indexes: Readonly<Record<string, string>> = TABLE_INDEXES;
  const partition = indexes[String(input["IndexName"])] ?? TABLE_KEYS.partition;
  const names = (input["ExpressionAttributeNames"] ?? {}) as Record<string, string>;
  const values = input["ExpressionAttributeValues"] as Record<string, { readonly S?: string }>;
  const condition = String(input["KeyConditionExpression"]);
  for (const [, name = "", value = ""] of condition.matchAll(/(#?\w+)\s*=\s*(:\w+)/g)) {
    const text = values[value]?.S;
    if ((names[name] ?? name) === partition && text !== undefined) return text;
  }
  throw new Error(`no partition key in the condition ${condition}`);
}
