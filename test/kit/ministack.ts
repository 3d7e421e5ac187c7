/**
 * A local AWS of a test file's own: MiniStack with one empty table, one bucket and the three queues.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll } from "vitest";
import { type MiniStack, startMiniStack, TEST_CREDENTIALS } from "#local/ministack.ts";
import { ensurePythonTools } from "#local/python.ts";
import { tableNamed } from "#local/table.ts";

export interface LocalAws {
  readonly endpoint: string;
  readonly table: string;
  readonly bucket: string;
  readonly wakeUpQueue: string;
  readonly finishQueue: string;
  readonly linkQueue: string;
}

const ROOT = new URL("../..", import.meta.url).pathname;

/**
 * Call at the top of a test file; the returned object is filled before the first test runs.
 * The SDK's own variables (endpoint, credentials, region) are set in this process.
 */
export function useMiniStack(): LocalAws {
  const aws = {} as { -readonly [K in keyof LocalAws]: LocalAws[K] };
  let server: MiniStack | undefined;
  let directory: string | undefined;

  beforeAll(async () => {
    const { python } = await ensurePythonTools(ROOT, () => {});
    directory = mkdtempSync(join(tmpdir(), "conda-store-test-"));
    server = await startMiniStack({ python, directory });
    Object.assign(process.env, TEST_CREDENTIALS, { AWS_ENDPOINT_URL: server.endpoint });
    Object.assign(aws, { endpoint: server.endpoint }, await createResources());
  });
  afterAll(async () => {
    await server?.stop();
    if (directory) rmSync(directory, { recursive: true, force: true });
  });
  return aws;
}

/** Makes a further empty table, for tests that count what is in it. */
export async function createTable(name: string): Promise<string> {
  await new DynamoDBClient().send(new CreateTableCommand(tableNamed(name)));
  return name;
}

/** @returns the queue's address */
export async function createQueue(name: string): Promise<string> {
  const { QueueUrl } = await new SQSClient().send(new CreateQueueCommand({ QueueName: name }));
  if (!QueueUrl) throw new Error(`no address for queue ${name}`);
  return QueueUrl;
}

async function createResources(): Promise<Omit<LocalAws, "endpoint">> {
  const table = await createTable("conda-store-test");
  const bucket = "conda-store-test";
  await new S3Client({ forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    table,
    bucket,
    wakeUpQueue: await createQueue("wake-up"),
    finishQueue: await createQueue("finish"),
    linkQueue: await createQueue("link"),
  };
}
