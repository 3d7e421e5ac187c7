/**
 * Calls without the SDK's layers, which cost more than the rest of most requests (docs/adr/0016-calls-past-the-sdk.md). Commands, shapes,
 * errors and credentials stay the SDK's.
 * @module
 */
import { ConditionalCheckFailedException, TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { AwsError, askJson, type Fields, type JsonService, openJsonService } from "#adapters/aws-json.ts";
import { fromAttributes, toAttributes } from "./attribute-value.ts";

/** What a call consumed, as DynamoDB counts it. */
export type ObserveCall = (command: string, consumed: unknown) => void;

const OPERATIONS = [
  [GetCommand, "GetItem"],
  [QueryCommand, "Query"],
  [BatchGetCommand, "BatchGetItem"],
  [UpdateCommand, "UpdateItem"],
  [TransactWriteCommand, "TransactWriteItems"],
  [PutCommand, "PutItem"],
  [DeleteCommand, "DeleteItem"],
] as const;

/**
 * Makes `send` of this client call DynamoDB itself, for every command that we have.
 * @param endpoint only where the SDK's own variables do not say it
 */
export function callLightly(client: DynamoDBDocumentClient, endpoint?: string, observe?: ObserveCall): void {
  const send = client.send.bind(client) as (command: unknown) => Promise<unknown>;
  let service: Promise<JsonService> | undefined;
  Object.assign(client, {
    send: async (command: { readonly input: Fields }): Promise<unknown> => {
      const operation = OPERATIONS.find(([kind]) => command instanceof kind)?.[1];
      if (operation === undefined) return await send(command);
      service ??= openJsonService("dynamodb", client, endpoint);
      const input = observe ? { ...command.input, ReturnConsumedCapacity: "TOTAL" } : command.input;
      const answer = await askJson(await service, operation, encode(input)).catch((error: unknown) => {
        throw error instanceof AwsError ? asTheirs(error) : error;
      });
      observe?.(`${operation}Command`, answer["ConsumedCapacity"]);
      return decode(answer);
    },
  });
}

/** Failed conditions are answers, and told apart by their classes. */
function asTheirs(error: AwsError): Error {
  const { name, message, told } = error;
  if (name === "ConditionalCheckFailedException") {
    return new ConditionalCheckFailedException({ message, $metadata: {} });
  }
  if (name === "TransactionCanceledException") {
    const CancellationReasons = told["CancellationReasons"] as { Code?: string; Message?: string }[];
    return new TransactionCanceledException({ message, CancellationReasons, $metadata: {} });
  }
  return error;
}

const ATTRIBUTES = ["Key", "Item", "ExclusiveStartKey", "ExpressionAttributeValues"] as const;

/** The parts of a request that hold attribute values. */
function encode(input: Fields): Fields {
  const encoded: Fields = { ...input };
  for (const name of ATTRIBUTES) {
    if (input[name] !== undefined) encoded[name] = toAttributes(input[name] as Fields);
  }
  const { RequestItems, TransactItems } = input;
  if (RequestItems) encoded["RequestItems"] = mapKeys(RequestItems as Tables, toAttributes);
  if (TransactItems) {
    encoded["TransactItems"] = (TransactItems as Record<string, Fields>[]).map((item) =>
      mapValues(item, encode),
    );
  }
  return encoded;
}

function decode(answer: Fields): Fields {
  const { Item, Attributes, Items, LastEvaluatedKey, Responses, UnprocessedKeys } = answer;
  const decoded: Fields = { ...answer };
  for (const [name, value] of Object.entries({ Item, Attributes, LastEvaluatedKey })) {
    if (value !== undefined) decoded[name] = value && fromAttributes(value as Fields);
  }
  if (Items) decoded["Items"] = (Items as Fields[]).map(fromAttributes);
  if (Responses) {
    decoded["Responses"] = mapValues(Responses as Record<string, Fields[]>, (items) =>
      items.map(fromAttributes),
    );
  }
  if (UnprocessedKeys) decoded["UnprocessedKeys"] = mapKeys(UnprocessedKeys as Tables, fromAttributes);
  return decoded;
}

type Tables = Record<string, Fields & { readonly Keys: readonly Fields[] }>;

const mapKeys = (tables: Tables, change: (key: Fields) => Fields): Tables =>
  mapValues(tables, (table) => ({ ...table, Keys: table.Keys.map(change) }));

const mapValues = <T, U>(map: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
