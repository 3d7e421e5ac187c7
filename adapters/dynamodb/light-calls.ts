/**
 * Calls without the SDK's layers, which cost more than the rest of most requests (docs/adr/0016-calls-past-the-sdk.md). Commands
 * and shapes are the SDK's.
 * @module
 */
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import {
  AwsError,
  askJson,
  type Fields,
  type JsonService,
  type Lender,
  openJsonService,
} from "#adapters/aws-json.ts";
import { fromAttributes, toAttributes } from "./attribute-value.ts";
import { ConditionalCheckFailedException, TransactionCanceledException } from "./commands.ts";

/** What a call consumed, as DynamoDB counts it. */
export type ObserveCall = (command: string, consumed: unknown) => void;

interface LightCommand {
  /** Undefined for one of the SDK's own, which look the same to the compiler. */
  readonly operation?: string;
  readonly input: Fields;
}

/** What our folder calls: region, credentials, and `send` with the SDK's types. */
export interface TableClient extends Lender {
  readonly send: DynamoDBDocumentClient["send"];
}

/**
 * A client that calls DynamoDB itself, for every command of commands.ts.
 * @param endpoint only where the SDK's own variables do not say it
 */
export function openLightClient(lender: Lender, endpoint?: string, observe?: ObserveCall): TableClient {
  let service: Promise<JsonService> | undefined;
  const send = async ({ operation, input: asked }: LightCommand): Promise<unknown> => {
    if (operation === undefined) throw new TypeError("this is no command of commands.ts");
    service ??= openJsonService("dynamodb", lender, endpoint);
    const input = observe ? { ...asked, ReturnConsumedCapacity: "TOTAL" } : asked;
    const answer = await askJson(await service, operation, encode(input)).catch((error: unknown) => {
      throw error instanceof AwsError ? asTheirs(error) : error;
    });
    observe?.(`${operation}Command`, answer["ConsumedCapacity"]);
    return decode(answer);
  };
  return { config: lender.config, send: send as unknown as DynamoDBDocumentClient["send"] };
}

/** Failed conditions are answers, and told apart by their classes. */
function asTheirs(error: AwsError): Error {
  const { name, message, told } = error;
  if (name === "ConditionalCheckFailedException") {
    const there = told["Item"] as Fields | undefined;
    return new ConditionalCheckFailedException(message, there && fromAttributes(there));
  }
  if (name === "TransactionCanceledException") {
    const reasons = (told["CancellationReasons"] ?? []) as { Code?: string; Message?: string }[];
    return new TransactionCanceledException(message, reasons);
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
  if (RequestItems) encoded["RequestItems"] = mapTables(RequestItems as Tables, toAttributes);
  if (TransactItems) {
    encoded["TransactItems"] = (TransactItems as Record<string, Fields>[]).map((item) =>
      mapValues(item, encode),
    );
  }
  return encoded;
}

function decode(answer: Fields): Fields {
  const { Item, Attributes, Items, LastEvaluatedKey, Responses, UnprocessedKeys, UnprocessedItems } = answer;
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
  if (UnprocessedKeys) decoded["UnprocessedKeys"] = mapTables(UnprocessedKeys as Tables, fromAttributes);
  if (UnprocessedItems) decoded["UnprocessedItems"] = mapTables(UnprocessedItems as Tables, fromAttributes);
  return decoded;
}

/** Of each table keys that are read, or items that are put and keys that are deleted. */
type Tables = Record<string, (Fields & { readonly Keys: readonly Fields[] }) | Writes>;
type Writes = readonly Record<string, Record<string, Fields>>[];

const mapTables = (tables: Tables, change: (key: Fields) => Fields): Tables =>
  mapValues(tables, (table) =>
    isWrites(table)
      ? table.map((write) => mapValues(write, (parts) => mapValues(parts, change)))
      : { ...table, Keys: table.Keys.map(change) },
  );

const isWrites = (table: Tables[string]): table is Writes => Array.isArray(table);

const mapValues = <T, U>(map: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
