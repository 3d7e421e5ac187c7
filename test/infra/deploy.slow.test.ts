import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackResourcesCommand,
  type StackResource,
  waitUntilStackCreateComplete,
} from "@aws-sdk/client-cloudformation";
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { ECSClient, ListClustersCommand } from "@aws-sdk/client-ecs";
import { HeadBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stripAssembly } from "#local/assembly.ts";
import { awsConfig } from "#local/aws-config.ts";
import { bootstrap, cdk } from "#local/cdk.ts";
import { openFrontDoor } from "#local/front-door.ts";
import { bundleFunctions } from "#scripts/bundle.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const examples = join(root, "examples", "deployments");
const aws = useMiniStack();
const directory = mkdtempSync(join(tmpdir(), "deploy-"));
const bundles = join(directory, "dist");
const assembly = join(directory, "assembly");
const run = (...args: string[]): Promise<void> => cdk({ root, endpoint: aws.endpoint, directory }, args);

beforeAll(async () => {
  await bundleFunctions(root, bundles);
  await bootstrap(awsConfig(aws.endpoint));
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const resources = async (StackName = "CondaStore"): Promise<readonly StackResource[]> => {
  const { StackResources = [] } = await new CloudFormationClient().send(
    new DescribeStackResourcesCommand({ StackName }),
  );
  return StackResources;
};

/** What a team has before: a network with a file system in it. @returns where it is, as context */
async function makeTeamsOwn(): Promise<string[]> {
  const client = new CloudFormationClient();
  const subnet = (cidr: string) => ({
    Type: "AWS::EC2::Subnet",
    Properties: { VpcId: { Ref: "Vpc" }, CidrBlock: cidr },
  });
  const Resources = {
    Vpc: { Type: "AWS::EC2::VPC", Properties: { CidrBlock: "10.1.0.0/16" } },
    A: subnet("10.1.0.0/20"),
    B: subnet("10.1.16.0/20"),
    Group: {
      Type: "AWS::EC2::SecurityGroup",
      Properties: { GroupDescription: "NFS", VpcId: { Ref: "Vpc" } },
    },
    Disk: { Type: "AWS::EFS::FileSystem", Properties: { Encrypted: true } },
  };
  await client.send(
    new CreateStackCommand({ StackName: "Team", TemplateBody: JSON.stringify({ Resources }) }),
  );
  await waitUntilStackCreateComplete({ client, maxWaitTime: 60 }, { StackName: "Team" });
  const made = await resources("Team");
  const id = (name: string) =>
    made.find(({ LogicalResourceId }) => LogicalResourceId === name)?.PhysicalResourceId;
  const network = {
    vpcId: id("Vpc"),
    subnets: { "us-east-1a": id("A"), "us-east-1b": id("B") },
    privateSubnets: true,
  };
  const sharedDisk = { fileSystemId: id("Disk"), securityGroupId: id("Group") };
  return ["-c", `network=${JSON.stringify(network)}`, "-c", `sharedDisk=${JSON.stringify(sharedDisk)}`];
}

/** The one resource of a type. */
const idOf = (stack: readonly StackResource[], type: string): string =>
  stack.find(({ ResourceType }) => ResourceType === type)?.PhysicalResourceId ?? "";

const given = ["-c", "image=registry.example/conda-store-build:1"];

/** Synthesises and deploys what the context says. @returns the stack's resources */
async function deploy(...context: string[]): Promise<readonly StackResource[]> {
  rmSync(assembly, { recursive: true, force: true });
  await run("synth", "--quiet", "--output", assembly, "-c", `bundles=${bundles}`, ...context);
  stripAssembly(assembly);
  await run("deploy", "--app", assembly, "--require-approval", "never", "--progress", "events");
  return await resources();
}

describe.each(["the default", ...readdirSync(examples)])("%s", (name) => {
  test("is deployed by the real cdk, answers, and is destroyed; its data stays", async () => {
    const config = name === "the default" ? [] : ["-c", `config=${join(examples, name)}`];
    const own = name === "nebari.json" ? await makeTeamsOwn() : [];
    const stack = await deploy(...given, ...config, ...own);
    const apiId = idOf(stack, "AWS::ApiGatewayV2::Api");
    const door = await openFrontDoor({ port: 0, endpoint: aws.endpoint, apiId });
    const prefix = name === "nebari.json" ? "/conda-store" : "";
    const answer = await fetch(`${door.url}${prefix}/api/v1/`);
    expect(await answer.json()).toMatchObject({ status: "ok" });
    await door.close();

    await run("destroy", "--app", assembly, "--force");

    expect(await resources().catch(() => [])).toEqual([]);
    const { clusterArns } = await new ECSClient().send(new ListClustersCommand());
    expect(clusterArns).toEqual([]);
    const { QueueUrls = [] } = await new SQSClient().send(new ListQueuesCommand());
    expect(QueueUrls.filter((url) => url.includes("CondaStore"))).toEqual([]);
    const TableName = idOf(stack, "AWS::DynamoDB::GlobalTable");
    await new DynamoDBClient().send(new DescribeTableCommand({ TableName }));
    const Bucket = idOf(stack, "AWS::S3::Bucket");
    await new S3Client({ forcePathStyle: true }).send(new HeadBucketCommand({ Bucket }));
  }, 600_000);
});
