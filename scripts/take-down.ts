/**
 * `npm run take-down`: takes a deployment down and leaves its data, or takes the data too; says first what it would do.
 * @module
 */
import { parseArgs } from "node:util";
import {
  CloudFormationClient,
  DeleteStackCommand,
  GetTemplateCommand,
  paginateListStackResources,
  waitUntilStackDeleteComplete,
} from "@aws-sdk/client-cloudformation";
import { ECSClient, paginateListTasks, StopTaskCommand } from "@aws-sdk/client-ecs";
import { DeleteObjectsCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";

const USAGE = `usage: npm run take-down -- [--stack NAME] [--take-data] [--yes]

Takes down the stack (default: CondaStore) in the account and region of your credentials. Without --yes it only says what
would go and what would stay. Table, bucket, file system and the key of the tokens stay. To take them too, deploy once
with "-c keepData=false", then say --take-data: nothing brings them back.`;

/** What a deployment keeps. */
const DATA = new Map([
  ["AWS::DynamoDB::GlobalTable", "table"],
  ["AWS::S3::Bucket", "bucket"],
  ["AWS::EFS::FileSystem", "file system"],
  ["AWS::SecretsManager::Secret", "key of the tokens"],
]);
const MINUTES_MAX = 60;

interface Resource {
  readonly type: string;
  readonly id: string;
  readonly stays: boolean;
}

/** Wrong arguments, or a deployment that is not as they say: one line that says what to do. */
class Refusal extends Error {}

function readFlags() {
  try {
    return parseArgs({
      options: {
        stack: { type: "string", default: "CondaStore" },
        "take-data": { type: "boolean", default: false },
        yes: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    throw new Refusal(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

const cloudFormation = new CloudFormationClient({});

async function resourcesOf(stack: string): Promise<Resource[]> {
  const { TemplateBody = "{}" } = await cloudFormation
    .send(new GetTemplateCommand({ StackName: stack, TemplateStage: "Processed" }))
    .catch((error: unknown) => {
      if (error instanceof Error && error.name === "ValidationError") {
        throw new Refusal(`There is no stack ${stack} in this account and region.`);
      }
      throw error;
    });
  const template = JSON.parse(TemplateBody) as { Resources?: Record<string, { DeletionPolicy?: string }> };
  const found: Resource[] = [];
  for await (const page of paginateListStackResources({ client: cloudFormation }, { StackName: stack })) {
    for (const {
      ResourceType: type = "",
      LogicalResourceId: name = "",
      PhysicalResourceId: id = "",
    } of page.StackResourceSummaries ?? []) {
      found.push({ type, id, stays: template.Resources?.[name]?.DeletionPolicy === "Retain" });
    }
  }
  return found;
}

const idOf = (resources: readonly Resource[], type: string): string | undefined =>
  resources.find((resource) => resource.type === type)?.id;

/** A cluster with tasks cannot be removed. What they build is lost, and with the table gone nobody asks. */
async function stopTasks(cluster: string): Promise<void> {
  const client = new ECSClient({});
  for await (const { taskArns = [] } of paginateListTasks({ client }, { cluster })) {
    for (const task of taskArns) {
      await client.send(new StopTaskCommand({ cluster, task, reason: "conda-store is taken down" }));
    }
  }
}

/** A bucket with objects cannot be removed. */
async function emptyBucket(Bucket: string): Promise<number> {
  const client = new S3Client({});
  let removed = 0;
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket })) {
    const Objects = Contents.flatMap(({ Key }) => (Key === undefined ? [] : [{ Key }]));
    if (Objects.length === 0) continue;
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    if (Errors.length > 0) throw new Error(`${Errors[0]?.Key} cannot be removed: ${Errors[0]?.Message}`);
    removed += Objects.length;
  }
  return removed;
}

async function takeDown(): Promise<void> {
  const { stack, yes, help, "take-data": takeData } = readFlags();
  if (help) return console.log(USAGE);
  const resources = await resourcesOf(stack);
  const data = resources.filter(({ type }) => DATA.has(type));
  const going = data.filter(({ stays }) => !stays);
  if (takeData && going.length === 0) {
    throw new Refusal("The data is not the stack's to remove: deploy with -c keepData=false first.");
  }
  if (!takeData && going.length > 0) {
    const names = going.map(({ type }) => DATA.get(type)).join(", ");
    throw new Refusal(
      `The stack was deployed with keepData=false, so its data would go (${names}): say --take-data if that is meant, or ` +
        "deploy with -c keepData=true first.",
    );
  }
  console.log(`${resources.filter(({ stays }) => !stays).length} resources of ${stack} go.`);
  for (const { type, id, stays } of data) {
    console.log(`${stays ? "stays" : "GOES "}  ${DATA.get(type)}: ${id}`);
  }
  if (!yes) return console.log("Nothing was changed. Say --yes to do it.");

  const cluster = idOf(resources, "AWS::ECS::Cluster");
  if (cluster !== undefined) await stopTasks(cluster);
  const bucket = idOf(going, "AWS::S3::Bucket");
  if (bucket !== undefined) console.log(`${await emptyBucket(bucket)} objects removed from ${bucket}.`);
  await cloudFormation.send(new DeleteStackCommand({ StackName: stack }));
  await waitUntilStackDeleteComplete(
    { client: cloudFormation, maxWaitTime: MINUTES_MAX * 60 },
    { StackName: stack },
  );
  console.log(`${stack} is gone.`);
}

try {
  await takeDown();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
