import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  QueryCommand,
  TransactWriteCommand,
} from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { deleteObject, getObject, listObjects, putObject } from "#adapters/s3/objects.ts";
import { presign } from "#adapters/s3/presign.ts";
import { openQueue, send } from "#adapters/sqs/queue.ts";
import { awsConfig } from "#local/aws-config.ts";
import { TEST_CREDENTIALS } from "#local/ministack.ts";
import { openRecorder, type Recorder } from "#test/kit/policy/recorder.ts";

const BODY = { a: 1 };

/** An AWS that says "not found" to reading and "fine" to everything else. */
const aws = createServer((request, response) => {
  const isRead = request.method === "GET" && !request.url?.includes("list-type");
  response.writeHead(isRead ? 404 : 200);
  const MD5OfMessageBody = createHash("md5").update(JSON.stringify(BODY)).digest("hex");
  response.end(request.headers["x-amz-target"] ? JSON.stringify({ MD5OfMessageBody }) : "");
});
let recorder: Recorder;
let door: string;
let bucket: Bucket;
let db: DynamoDBDocumentClient;

beforeAll(async () => {
  Object.assign(process.env, TEST_CREDENTIALS);
  await new Promise<void>((resolve) => aws.listen(0, "127.0.0.1", resolve));
});
beforeEach(async () => {
  await recorder?.close();
  recorder = openRecorder({ endpoint: `http://127.0.0.1:${(aws.address() as AddressInfo).port}` });
  door = await recorder.door("me");
  const { region, credentials } = awsConfig(door);
  bucket = { name: "b", region, endpoint: door, credentials: async () => credentials };
  db = DynamoDBDocumentClient.from(new DynamoDBClient(awsConfig(door)));
});
afterAll(async () => {
  await recorder.close();
  await new Promise((resolve) => aws.close(resolve));
});

/** What was recorded: action, what it touches, under which circumstances. */
const seen = () =>
  recorder.calls.map(({ action, target, context }) => [action, target.below ?? target.name, context]);
const keys = (...values: string[]) => ({ "dynamodb:LeadingKeys": values });
const TableName = "t";

test("a transaction is recorded item by item, each with its own key", async () => {
  const Key = (pk: string) => ({ pk, sk: "x" });
  await db.send(
    new TransactWriteCommand({
      TransactItems: [
        { Put: { TableName, Item: Key("A") } },
        { Update: { TableName, Key: Key("B"), UpdateExpression: "SET a = b" } },
        { Delete: { TableName, Key: Key("C") } },
        { ConditionCheck: { TableName, Key: Key("D"), ConditionExpression: "a = b" } },
      ],
    }),
  );

  expect(seen()).toEqual([
    ["dynamodb:PutItem", "t", keys("A")],
    ["dynamodb:UpdateItem", "t", keys("B")],
    ["dynamodb:DeleteItem", "t", keys("C")],
    ["dynamodb:ConditionCheckItem", "t", keys("D")],
  ]);
});

test("a batch is one call with every key, and a query has the key of its condition", async () => {
  const Keys = [
    { pk: "B", sk: "1" },
    { pk: "A", sk: "2" },
  ];
  await db.send(new BatchGetCommand({ RequestItems: { t: { Keys } } }));
  const [first, second] = Keys;
  const requests = [{ PutRequest: { Item: first } }, { DeleteRequest: { Key: second } }];
  await db.send(new BatchWriteCommand({ RequestItems: { t: requests } }));
  const condition = { KeyConditionExpression: "sk > :a AND #p = :b", TableName, IndexName: "i" };
  await db.send(
    new QueryCommand({
      ...condition,
      ExpressionAttributeNames: { "#p": "pk" },
      ExpressionAttributeValues: { ":a": "x", ":b": "Q" },
    }),
  );

  expect(seen()).toEqual([
    ["dynamodb:BatchGetItem", "t", keys("A", "B")],
    ["dynamodb:BatchWriteItem", "t", keys("A", "B")],
    ["dynamodb:Query", "i", keys("Q")],
  ]);
});

test("asking for an object that is not there asks for its listing too, as S3 does", async () => {
  await getObject(bucket, "logs/1");

  expect(seen()).toEqual([
    ["s3:GetObject", "logs/1", {}],
    ["s3:ListBucket", "b", { "s3:prefix": "logs/1" }],
  ]);
});

test("a write has its condition, a listing its prefix", async () => {
  await putObject(bucket, "locks/a b", "x", { contentType: "text/plain", onlyIfAbsent: true });
  await putObject(bucket, "logs/1", "x", { contentType: "text/plain" });
  await listObjects(bucket, "logs/");
  await deleteObject(bucket, "logs/1");

  expect(seen()).toEqual([
    ["s3:PutObject", "locks/a b", { "s3:ObjectCreationOperation": "true", "s3:if-none-match": "*" }],
    ["s3:PutObject", "logs/1", { "s3:ObjectCreationOperation": "true" }],
    ["s3:ListBucket", "b", { "s3:prefix": "logs/" }],
    ["s3:DeleteObject", "logs/1", {}],
  ]);
});

test("a presigned address counts as its signer's call, whoever follows it", async () => {
  const address = await presign(bucket, "archives/a", { contentType: "application/gzip", fileName: "a" });
  await fetch(address);

  expect(recorder.calls[0]).toMatchObject({ principal: "me", action: "s3:GetObject" });
});

test("a message is recorded through the queue's address, which is where it is sent", async () => {
  await send(
    openQueue<typeof BODY>(`${door}/000000000000/ends`, {
      config: { region: async () => "us-east-1", credentials: async () => awsConfig(door).credentials },
    }),
    BODY,
  );

  expect(seen()).toEqual([["sqs:SendMessage", "ends", {}]]);
});

test("what is unsigned or not understood is recorded as what nothing allows", async () => {
  await db.send(new ScanCommand({ TableName }));
  await fetch(`${door}/b/archives/a`);

  expect(recorder.calls.map(({ target }) => target.kind)).toEqual(["unknown", "unknown"]);
  expect(recorder.calls.map(({ action }) => action)).toEqual(["dynamodb:Scan", "unsigned:GET /b/archives/a"]);
});

test("callers are told apart by their doors, and a repeated call is recorded once", async () => {
  const other = { ...bucket, endpoint: await recorder.door("other") };
  await listObjects(bucket, "logs/");
  await listObjects(bucket, "logs/");
  await listObjects(other, "logs/");

  expect(recorder.calls.map(({ principal }) => principal)).toEqual(["me", "other"]);
});
