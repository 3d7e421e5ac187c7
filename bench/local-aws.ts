/**
 * A local AWS of the bench's own: one table, one bucket, the queues that a build and its end write to.
 * @module
 */
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type AuditedDb, onBehalf } from "#adapters/dynamodb/audit.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { openLog } from "#adapters/log.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import type { LinkMessage, WakeUp } from "#core/build/messages.ts";
import { MAX_TRIES } from "#core/build/tries.ts";
import type { FinishContext } from "#functions/finish/finish.ts";
import { startMiniStack, TEST_CREDENTIALS } from "#local/ministack.ts";
import { tableNamed } from "#local/table.ts";

export interface LocalAws {
  readonly endpoint: string;
  readonly table: string;
  readonly bucketName: string;
  readonly finishQueue: string;
  readonly sqs: SQSClient;
  readonly db: AuditedDb;
  readonly bucket: Bucket;
  /** What the function `finish` opens for itself. */
  readonly finish: FinishContext;
  stop(): Promise<void>;
}

const NAME = "conda-store-bench";

/** Starts it; the variables that the SDK reads (endpoint, region, credentials) are set in this process. */
export async function startLocalAws(python: string, directory: string): Promise<LocalAws> {
  const server = await startMiniStack({ python, directory });
  try {
    Object.assign(process.env, TEST_CREDENTIALS, { AWS_ENDPOINT_URL: server.endpoint });
    await new DynamoDBClient().send(new CreateTableCommand(tableNamed(NAME)));
    await new S3Client({ forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: NAME }));
    const sqs = new SQSClient();
    const [wakeUps, links, finishQueue] = await Promise.all([
      createQueue(sqs, "wake-up"),
      createQueue(sqs, "link"),
      createQueue(sqs, "finish"),
    ]);
    const origin = { by: { kind: "user", name: "bench" }, requestId: null, address: null } as const;
    const db = onBehalf(openDb({ table: NAME }), origin, 365);
    const bucket = openBucket(NAME, db.client);
    const finish: FinishContext = {
      db,
      bucket,
      wakeUps: openQueue<WakeUp>(wakeUps, sqs),
      links: openQueue<LinkMessage>(links, sqs),
      maxTries: MAX_TRIES,
      taskSizes: [{ cpuUnits: 1024, memoryMiB: 4096 }],
      clock: () => new Date(),
      log: openLog({ level: "warn" }),
    };
    const { endpoint } = server;
    return {
      endpoint,
      table: NAME,
      bucketName: NAME,
      finishQueue,
      sqs,
      db,
      bucket,
      finish,
      stop: server.stop,
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function createQueue(sqs: SQSClient, name: string): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${NAME}-${name}` }));
  if (!QueueUrl) throw new Error(`the local AWS made no queue ${name}`);
  return QueueUrl;
}
