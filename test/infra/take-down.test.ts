import { fileURLToPath } from "node:url";
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackResourcesCommand,
  waitUntilStackCreateComplete,
} from "@aws-sdk/client-cloudformation";
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { HeadBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { TEST_CREDENTIALS } from "#local/ministack.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { runProgram } from "#test/kit/run-program.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/take-down.ts", import.meta.url));
const aws = useMiniStack();

/** Data as a deployment has it, and a cluster. */
async function makeStack(StackName: string, DeletionPolicy: "Retain" | "Delete") {
  const keys = ["pk", "sk"];
  const Resources = {
    Table: {
      Type: "AWS::DynamoDB::GlobalTable",
      DeletionPolicy,
      Properties: {
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
        KeySchema: keys.map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? "HASH" : "RANGE" })),
        Replicas: [{ Region: TEST_CREDENTIALS.AWS_REGION }],
      },
    },
    Bucket: { Type: "AWS::S3::Bucket", DeletionPolicy },
    Cluster: { Type: "AWS::ECS::Cluster" },
  };
  const client = new CloudFormationClient();
  await client.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify({ Resources }) }));
  await waitUntilStackCreateComplete({ client, maxWaitTime: 60 }, { StackName });
  const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName }));
  const id = (name: string): string =>
    StackResources.find(({ LogicalResourceId }) => LogicalResourceId === name)?.PhysicalResourceId ?? "";
  const [Bucket, TableName] = [id("Bucket"), id("Table")];
  const s3 = new S3Client({ forcePathStyle: true });
  await s3.send(new PutObjectCommand({ Bucket, Key: "logs/1/log.txt", Body: "log" }));
  const isThere = async (): Promise<boolean[]> => {
    const asked = await Promise.allSettled([
      s3.send(new HeadBucketCommand({ Bucket })),
      new DynamoDBClient().send(new DescribeTableCommand({ TableName })),
    ]);
    return asked.map(({ status }) => status === "fulfilled");
  };
  return { Bucket, isThere };
}

const takeDown = (stack: string, ...args: string[]) =>
  runProgram(process.execPath, [SCRIPT, "--stack", stack, ...args], {
    ...TEST_CREDENTIALS,
    AWS_ENDPOINT_URL: aws.endpoint,
  });

test("a stack that keeps its data goes without it, and only when told so", async () => {
  const { Bucket, isThere } = await makeStack("Kept", "Retain");

  const dry = await takeDown("Kept");
  expect(dry.stdout).toContain(`stays  bucket: ${Bucket}`);
  expect(dry.stdout).toContain("1 resources of Kept go.");
  expect(dry.stdout).toContain("Nothing was changed.");
  const refused = await takeDown("Kept", "--take-data", "--yes");
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringContaining("deploy with -c keepData=false first"),
  ]);
  expect(await isThere()).toEqual([true, true]);

  const done = await takeDown("Kept", "--yes");

  expect(done.stdout).toContain("Kept is gone.");
  expect(await isThere()).toEqual([true, true]);
  expect((await takeDown("Never")).stderr).toContain("There is no stack Never");
}, 600_000);

test("a stack whose data may go takes it along only when that is said as well", async () => {
  const { Bucket, isThere } = await makeStack("Gone", "Delete");

  const careless = await takeDown("Gone", "--yes");
  expect([careless.code, careless.stderr]).toEqual([1, expect.stringContaining("say --take-data")]);
  expect(await isThere()).toEqual([true, true]);

  const done = await takeDown("Gone", "--take-data", "--yes");

  expect(done.stdout).toContain(`GOES   bucket: ${Bucket}`);
  expect(done.stdout).toContain(`1 objects removed from ${Bucket}.`);
  expect(await isThere()).toEqual([false, false]);
}, 600_000);
