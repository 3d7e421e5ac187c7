/**
 * Reads that go past the SDK say the same as the SDK's, and bear the same.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Db, openDb } from "#adapters/dynamodb/db.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
let db: Db;
let theirs: DynamoDBDocumentClient;
const pk = "every type";
const item = {
  ...{ pk, sk: "one", text: "ü\n\"'", empty: "", yes: true, no: false, nothing: null },
  ...{ whole: 42, negative: -1.5, large: 2 ** 53 - 1, list: [1, "two", [null]], map: { a: { b: [] } } },
  bytes: new Uint8Array([0, 255, 10]),
};

beforeAll(async () => {
  db = openDb({ table: aws.table });
  theirs = DynamoDBDocumentClient.from(new DynamoDBClient());
  for (const sk of ["one", "three", "two"]) {
    await theirs.send(new PutCommand({ TableName: aws.table, Item: { ...item, sk } }));
  }
});

test("an item, a page behind a page, and a batch are what the SDK reads", async () => {
  const { table: TableName } = db;
  const get = () => new GetCommand({ TableName, Key: { pk, sk: "one" } });
  const { Item } = await db.client.send(get());
  expect(Item).toEqual(item);
  expect(Item).toEqual((await theirs.send(get())).Item);
  expect(await db.client.send(new GetCommand({ TableName, Key: { pk, sk: "none" } }))).toEqual({});

  const query = { TableName, KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": pk } };
  const first = await db.client.send(new QueryCommand({ ...query, Limit: 2 }));
  const from = first.LastEvaluatedKey;
  const second = await db.client.send(new QueryCommand({ ...query, ExclusiveStartKey: from }));
  const names = [...(first.Items ?? []), ...(second.Items ?? [])].map((each) => each["sk"]);
  expect([first.Count, second.LastEvaluatedKey, names]).toEqual([2, undefined, ["one", "three", "two"]]);

  const Keys = ["one", "two", "none"].map((sk) => ({ pk, sk }));
  const { Responses } = await db.client.send(
    new BatchGetCommand({ RequestItems: { [TableName]: { Keys } } }),
  );
  expect(Responses?.[TableName]?.map((each) => each["sk"]).sort()).toEqual(["one", "two"]);
});

/** Answers what stands here, one each, and the last again and again; "cut" breaks the connection. */
let answers: ("cut" | readonly [number, string])[];
let asked: number;
const server = createServer((request, response) => {
  asked++;
  const answer = answers.length > 1 ? answers.shift() : answers[0];
  if (answer === "cut" || answer === undefined) return request.socket.destroy();
  response.writeHead(answer[0]).end(answer[1]);
});
let bad: Db;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  bad = openDb({ table: "any", endpoint: `http://127.0.0.1:${port}` });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = 0;
});
const read = () => bad.client.send(new GetCommand({ TableName: "any", Key: { pk: "a", sk: "b" } }));
const error = (name: string): string =>
  JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: "no" });

test("throttling, faults of the service and broken connections are tried again", async () => {
  const good = [200, '{"Item":{"pk":{"S":"a"}}}'] as const;
  answers = [
    [400, error("ThrottlingException")],
    "cut",
    [503, "<html>"],
    [400, error("ProvisionedThroughputExceededException")],
    good,
  ];
  expect(await read()).toEqual({ Item: { pk: "a" } });
  expect(asked).toBe(5);
});

test.each([
  [[400, error("ThrottlingException")] as const, "ThrottlingException", 5],
  [[500, ""] as const, "ServiceUnavailable", 5],
  [[400, error("ResourceNotFoundException")] as const, "ResourceNotFoundException", 1],
  [[400, error("AccessDeniedException")] as const, "AccessDeniedException", 1],
])("what stays so is told by DynamoDB's own name: %j", async (answer, name, tries) => {
  answers = [answer];
  await expect(read()).rejects.toMatchObject({ name });
  expect(asked).toBe(tries);
});

test("a connection that stays broken is an error, not an endless wait", async () => {
  answers = ["cut"];
  await expect(read()).rejects.toThrow();
  expect(asked).toBe(5);
});
