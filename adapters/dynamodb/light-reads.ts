/**
 * Reads without the SDK's layers, which cost as much as the rest of most requests (docs/adr/0016-reads-past-the-sdk.md). Commands, credentials
 * and all writes stay the SDK's.
 * @module
 */
import { createHash } from "node:crypto";
import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
} from "@aws-sdk/lib-dynamodb";
import { readAwsPlace } from "#adapters/config.ts";
import { exchange } from "#adapters/exchange.ts";
import { amzDate, authorization } from "#adapters/sigv4.ts";
import { fromAttributes, toAttributes } from "./attribute-value.ts";
import { AGAIN, withRetry } from "./retry.ts";

/** What a read consumed, as DynamoDB counts it. */
export type ObserveRead = (command: string, consumed: unknown) => void;

type Fields = Record<string, unknown>;

const READS = [
  [GetCommand, "GetItem"],
  [QueryCommand, "Query"],
  [BatchGetCommand, "BatchGetItem"],
] as const;

const TRIES = 5;
const IDLE_MS_MAX = 10_000;
/** What DynamoDB wants to be asked again. */
const THROTTLED: ReadonlySet<string> = new Set([
  "ThrottlingException",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
]);

/**
 * Makes `send` of this client answer reads itself.
 * @param endpoint only where the SDK's own variables do not say it
 */
export function readLightly(client: DynamoDBDocumentClient, endpoint?: string, observe?: ObserveRead): void {
  const send = client.send.bind(client) as (command: unknown) => Promise<unknown>;
  Object.assign(client, {
    send: async (command: { readonly input: Fields }): Promise<unknown> => {
      const operation = READS.find(([kind]) => command instanceof kind)?.[1];
      if (operation === undefined) return await send(command);
      const input = observe ? { ...command.input, ReturnConsumedCapacity: "TOTAL" } : command.input;
      const answer = await ask(client, operation, encode(input), endpoint);
      observe?.(`${operation}Command`, answer["ConsumedCapacity"]);
      return decode(answer);
    },
  });
}

/**
 * Throttling, faults of the service and broken connections are tried again.
 * @throws Error named as DynamoDB names it
 */
async function ask(
  client: DynamoDBDocumentClient,
  operation: string,
  input: Fields,
  endpoint?: string,
): Promise<Fields> {
  return await withRetry(
    async (n) => {
      const last = n === TRIES - 1;
      const answer = await post(client, operation, input, endpoint).catch((error: unknown) => {
        if (last) throw error;
        return null;
      });
      if (answer === null) return AGAIN;
      if (answer.status === 200) return JSON.parse(answer.body.toString("utf8")) as Fields;
      const error = errorOf(answer.body.toString("utf8"), answer.status);
      if (last || (answer.status < 500 && !THROTTLED.has(error.name))) throw error;
      return AGAIN;
    },
    { triesMax: TRIES },
  );
}

async function post(client: DynamoDBDocumentClient, operation: string, input: Fields, endpoint?: string) {
  const [region, credentials] = await Promise.all([client.config.region(), client.config.credentials()]);
  const url = new URL(
    endpoint ?? readAwsPlace("DYNAMODB").endpoint ?? `https://dynamodb.${region}.amazonaws.com`,
  );
  const body = Buffer.from(JSON.stringify(input));
  const at = new Date();
  const headers = {
    "content-type": "application/x-amz-json-1.0",
    host: url.host,
    "x-amz-date": amzDate(at),
    "x-amz-target": `DynamoDB_20120810.${operation}`,
    ...(credentials.sessionToken ? { "x-amz-security-token": credentials.sessionToken } : {}),
  };
  const payloadHash = createHash("sha256").update(body).digest("hex");
  const signed = authorization(
    { method: "POST", path: "/", query: [], headers, payloadHash },
    { service: "dynamodb", region, credentials, at },
  );
  return await exchange(url, {
    method: "POST",
    headers: { ...headers, authorization: signed },
    body,
    idleMsMax: IDLE_MS_MAX,
  });
}

function errorOf(body: string, status: number): Error {
  let told: Fields = {};
  try {
    told = JSON.parse(body) as Fields;
  } catch {
    // A proxy's page: the status says enough.
  }
  const name =
    String(told["__type"] ?? "")
      .split("#")
      .at(-1) || "ServiceUnavailable";
  const error = new Error(String(told["message"] ?? told["Message"] ?? `DynamoDB answered ${status}`));
  error.name = name;
  return error;
}

/** The parts of our reads that hold attribute values. */
function encode(input: Fields): Fields {
  const { Key, ExclusiveStartKey, ExpressionAttributeValues, RequestItems, ...rest } = input;
  const encoded: Fields = { ...rest };
  for (const [name, value] of Object.entries({ Key, ExclusiveStartKey, ExpressionAttributeValues })) {
    if (value !== undefined) encoded[name] = toAttributes(value as Fields);
  }
  if (RequestItems !== undefined) {
    encoded["RequestItems"] = mapValues(RequestItems as Record<string, Fields>, (table) => ({
      ...table,
      Keys: (table["Keys"] as Fields[]).map(toAttributes),
    }));
  }
  return encoded;
}

function decode(answer: Fields): Fields {
  const { Item, Items, LastEvaluatedKey, Responses, UnprocessedKeys, ...rest } = answer;
  return {
    ...rest,
    ...(Item === undefined ? {} : { Item: fromAttributes(Item as Fields) }),
    ...(Items === undefined ? {} : { Items: (Items as Fields[]).map(fromAttributes) }),
    ...(LastEvaluatedKey ? { LastEvaluatedKey: fromAttributes(LastEvaluatedKey as Fields) } : {}),
    ...(Responses === undefined
      ? {}
      : {
          Responses: mapValues(Responses as Record<string, Fields[]>, (items) => items.map(fromAttributes)),
        }),
    ...(UnprocessedKeys === undefined
      ? {}
      : {
          UnprocessedKeys: mapValues(UnprocessedKeys as Record<string, Fields>, (table) => ({
            ...table,
            Keys: (table["Keys"] as Fields[]).map(fromAttributes),
          })),
        }),
  };
}

const mapValues = <T, U>(map: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
