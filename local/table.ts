/**
 * The table as the stack makes it, for local databases that no stack is deployed to.
 * @module
 */
import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import { TABLE_INDEXES, TABLE_KEYS } from "#core/layout.ts";

/** @returns input for CreateTable */
export function tableNamed(TableName: string): CreateTableCommandInput {
  const { partition, sort } = TABLE_KEYS;
  const keys = (hash: string) => [
    { AttributeName: hash, KeyType: "HASH" as const },
    { AttributeName: sort, KeyType: "RANGE" as const },
  ];
  return {
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [partition, sort, ...Object.values(TABLE_INDEXES)].map((AttributeName) => ({
      AttributeName,
      AttributeType: "S" as const,
    })),
    KeySchema: keys(partition),
    GlobalSecondaryIndexes: Object.entries(TABLE_INDEXES).map(([IndexName, attribute]) => ({
      IndexName,
      KeySchema: keys(attribute),
      Projection: { ProjectionType: "ALL" as const },
    })),
  };
}
