/**
 * The connection to the table. Only this folder speaks to it.
 * @module
 */
import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { callLightly } from "./light-calls.ts";

export interface Db {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
}

/** One call to DynamoDB and what it consumed, as DynamoDB counts it. */
export interface DbCall {
  /** `QueryCommand`, … */
  readonly command: string;
  readonly capacityUnits: number;
}

export interface DbOptions {
  readonly table: string;
  /** Only where the SDK's own variables do not say it. */
  readonly endpoint?: string;
  readonly region?: string;
  /** Told of every call that succeeded; asking for the consumed capacity costs nothing. */
  readonly observe?: (call: DbCall) => void;
}

/** Opens the table; connects at the first call. */
export function openDb({ table, endpoint, region, observe }: DbOptions): Db {
  const client = new DynamoDBClient({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
  } satisfies DynamoDBClientConfig);
  const documents = DynamoDBDocumentClient.from(client);
  callLightly(documents, endpoint, observe && ((command, consumed) => observe(callOf(command, consumed))));
  return { client: documents, table };
}

/** Of one table, or a list of several. */
function callOf(command: string, consumed: unknown): DbCall {
  const all = (Array.isArray(consumed) ? consumed : consumed ? [consumed] : []) as Consumed[];
  return { command, capacityUnits: all.reduce((sum, { CapacityUnits }) => sum + (CapacityUnits ?? 0), 0) };
}

interface Consumed {
  readonly CapacityUnits?: number;
}
