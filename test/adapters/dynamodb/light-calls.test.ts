/**
 * Calls that go past the SDK do and say the same as the SDK's, and bear the same.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as sdk from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  BatchGetCommand,
  BatchWriteCommand,
  ConditionalCheckFailedException,
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteCommand,
  UpdateCommand,
} from "#adapters/dynamodb/commands.ts";
import { type Db, openDb } from "#adapters/dynamodb/db.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
let db: Db;
let theirs: sdk.DynamoDBDocumentClient;
const pk = "every type";
const item = {
  ...{ pk, sk: "one", text: "ü\n\"'", empty: "", yes: true, no: false, nothing: null },
  ...{ whole: 42, negative: -1.5, large: 2 ** 53 - 1, list: [1, "two", [null]], map: { a: { b: [] } } },
  bytes: new Uint8Array([0, 255, 10]),
};

beforeAll(async () => {
  db = openDb({ table: aws.table });
  theirs = sdk.DynamoDBDocumentClient.from(new DynamoDBClient());
  for (const sk of ["one", "three", "two"]) {
    await theirs.send(new sdk.PutCommand({ TableName: aws.table, Item: { ...item, sk } }));
  }
});

test("an item, a page behind a page, and a batch are what the SDK reads", async () => {
  const { table: TableName } = db;
  const get = () => new GetCommand({ TableName, Key: { pk, sk: "one" } });
  const { Item } = await db.client.send(get());
  expect(Item).toEqual(item);
  expect(Item).toEqual((await theirs.send(new sdk.GetCommand(get().input))).Item);
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

test("what is put, updated and deleted is what the SDK reads then", async () => {
  const { table: TableName } = db;
  const Key = { pk: "written", sk: "by us" };
  const stored = async () => (await theirs.send(new sdk.GetCommand({ TableName, Key }))).Item;
  await db.client.send(new PutCommand({ TableName, Item: { ...item, ...Key, none: undefined } }));
  expect(await stored()).toEqual({ ...item, ...Key });

  const { Attributes } = await db.client.send(
    new UpdateCommand({
      TableName,
      Key,
      UpdateExpression: "SET #map = :map ADD #whole :one",
      ExpressionAttributeNames: { "#map": "map", "#whole": "whole" },
      ExpressionAttributeValues: { ":map": { a: [item.bytes, undefined, null] }, ":one": 1 },
      ReturnValues: "UPDATED_NEW",
    }),
  );
  expect(Attributes).toEqual({ map: { a: [item.bytes, null] }, whole: 43 });
  expect(await stored()).toEqual({ ...item, ...Key, map: { a: [item.bytes, null] }, whole: 43 });

  await db.client.send(new DeleteCommand({ TableName, Key }));
  expect(await stored()).toBeUndefined();
});

test("a batch is written as the SDK reads it, and what was not is told as it was given", async () => {
  const { table: TableName } = db;
  const Key = { pk: "written", sk: "in a batch" };
  const stored = async () => (await theirs.send(new sdk.GetCommand({ TableName, Key }))).Item;
  const put = [{ PutRequest: { Item: { ...item, ...Key } } }];
  await db.client.send(new BatchWriteCommand({ RequestItems: { [TableName]: put } }));
  expect(await stored()).toEqual({ ...item, ...Key });
  const remove = [{ DeleteRequest: { Key } }];
  await db.client.send(new BatchWriteCommand({ RequestItems: { [TableName]: remove } }));
  expect(await stored()).toBeUndefined();

  const left = '{"UnprocessedItems":{"any":[{"PutRequest":{"Item":{"pk":{"S":"a"},"n":{"N":"1"}}}}]}}';
  answers = [[200, left]];
  const any = [{ PutRequest: { Item: { pk: "a", n: 1 } } }];
  expect(await bad.client.send(new BatchWriteCommand({ RequestItems: { any } }))).toEqual({
    UnprocessedItems: { any },
  });
});

test("a transaction writes all of its items, or none and says which condition failed", async () => {
  const { table: TableName } = db;
  const key = (sk: string) => ({ pk: "transaction", sk });
  const transact = (sk: string) =>
    new TransactWriteCommand({
      TransactItems: [
        { Put: { TableName, Item: key(sk), ConditionExpression: "attribute_not_exists(pk)" } },
        {
          Update: {
            TableName,
            Key: key("count"),
            UpdateExpression: "ADD n :n",
            ExpressionAttributeValues: { ":n": 1 },
          },
        },
        { Delete: { TableName, Key: key("old") } },
        {
          ConditionCheck: {
            TableName,
            Key: { pk, sk: "one" },
            ConditionExpression: "whole = :whole",
            ExpressionAttributeValues: { ":whole": item.whole },
          },
        },
      ],
    });
  await db.client.send(transact("new"));
  const answers = await Promise.allSettled([
    db.client.send(transact("new")),
    theirs.send(new sdk.TransactWriteCommand(transact("new").input)),
  ]);
  const [ours, other] = answers.map((answer) => (answer.status === "rejected" ? answer.reason : answer));
  expect(ours).toBeInstanceOf(TransactionCanceledException);
  const codes = (error: TransactionCanceledException) => error.CancellationReasons?.map(({ Code }) => Code);
  expect(codes(ours)).toEqual(["ConditionalCheckFailed", "None", "None", "None"]);
  expect(codes(ours)).toEqual(codes(other));
  const { Item } = await theirs.send(new sdk.GetCommand({ TableName, Key: key("count") }));
  expect(Item?.["n"]).toBe(1);
});

test("a failed condition has a class of its own", async () => {
  const { table: TableName } = db;
  const again = new PutCommand({ TableName, Item: item, ConditionExpression: "attribute_not_exists(pk)" });
  await expect(db.client.send(again)).rejects.toBeInstanceOf(ConditionalCheckFailedException);
});

test.each([new Date(), new Set(["a"]), 2 ** 53, Number.NaN, 1n, () => {}])(
  "what no item of ours can hold is refused before anything is sent: %o",
  async (value) => {
    const put = new PutCommand({ TableName: db.table, Item: { pk: "refused", sk: "it", value } });
    await expect(db.client.send(put)).rejects.toThrow("no attribute can hold");
    const get = new GetCommand({ TableName: db.table, Key: { pk: "refused", sk: "it" } });
    expect(await db.client.send(get)).toEqual({});
  },
);

/** Answers what stands here, one each, and the last again and again; "cut" breaks the connection. */
let answers: ("cut" | readonly [number, string])[];
let asked: number;
const bodies = new Set<string>();
const server = createServer(async (request, response) => {
  asked++;
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  bodies.add(Buffer.concat(parts).toString());
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
  bodies.clear();
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

test("a transaction that is tried again repeats its token", async () => {
  const TransactItems = [{ Put: { TableName: "any", Item: { pk: "a", sk: "b" } } }];
  answers = ["cut", [400, error("TransactionInProgressException")], [500, ""], [200, "{}"]];
  const write = new TransactWriteCommand({ TransactItems, ClientRequestToken: "the same" });
  expect(await bad.client.send(write)).toEqual({});
  expect([asked, bodies.size]).toEqual([4, 1]);
  expect([...bodies][0]).toContain('"ClientRequestToken":"the same"');
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
  await expect(read()).rejects.toMatchObject({
    name: "ServiceUnavailable",
    message: expect.stringContaining("cannot be reached"),
  });
  expect(asked).toBe(5);
});
