/**
 * What lies in the local AWS before anything runs, as the deployed stack would make it.
 * @module
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { ECSClient, RegisterTaskDefinitionCommand } from "@aws-sdk/client-ecs";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { BUILD_CONTAINER, SHARED_DISK_VOLUME, VARIABLES } from "#core/layout.ts";
import { awsConfig } from "#local/aws-config.ts";
import { tableNamed } from "#local/table.ts";

/** A message that was not answered comes again after this. */
const VISIBILITY_SECONDS = 4;

/** What the deployment sets; the others are a task's own. */
export type Variable = Exclude<keyof typeof VARIABLES, "buildId" | "memoryEvents">;

/** Under the names that processes know them by. */
export const named = (values: Partial<Record<Variable, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [VARIABLES[name as Variable], value]));

/** Mounts a work directory without room, where it is asked for, and then becomes the task. @returns the script */
export function smallDiskScript(home: string): string {
  const path = join(home, "task.sh");
  const text = `if [ -n "$CHAOS_SMALL_DISKS" ] && [ -e "$CHAOS_SMALL_DISKS/$${VARIABLES.buildId}" ]; then
  mount -t tmpfs -o size=64k small "$${VARIABLES.workDirectory}"
fi
exec "$@"
`;
  writeFileSync(path, text);
  return path;
}

/** Table, bucket and queues. */
export async function createResources(endpoint: string) {
  const config = awsConfig(endpoint);
  const table = "chaos";
  await new DynamoDBClient(config).send(new CreateTableCommand(tableNamed(table)));
  const bucket = "chaos";
  await new S3Client({ ...config, forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: bucket }));
  const sqs = new SQSClient(config);
  const queue = async (QueueName: string): Promise<string> => {
    const Attributes = { VisibilityTimeout: String(VISIBILITY_SECONDS) };
    const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
    return QueueUrl;
  };
  return {
    table,
    bucket,
    wakeUpQueue: await queue("wake-up"),
    finishQueue: await queue("finish"),
    linkQueue: await queue("link"),
  };
}

/** @returns its ARN */
export async function createSecret(endpoint: string, SecretString: string): Promise<string> {
  const client = new SecretsManagerClient(awsConfig(endpoint));
  const { ARN = "" } = await client.send(new CreateSecretCommand({ Name: "chaos", SecretString }));
  return ARN;
}

/** @returns its ARN */
export async function registerTask(
  endpoint: string,
  values: Omit<Record<Variable, string>, "taskDefinition">,
): Promise<string> {
  const { taskDefinition } = await new ECSClient(awsConfig(endpoint)).send(
    new RegisterTaskDefinitionCommand({
      family: "build",
      cpu: "1024",
      memory: "4096",
      volumes: ["work", "store", SHARED_DISK_VOLUME].map((name) => ({ name })),
      containerDefinitions: [
        {
          name: BUILD_CONTAINER,
          image: "none",
          environment: Object.entries(named(values)).map(([name, value]) => ({ name, value })),
          mountPoints: [
            { sourceVolume: "work", containerPath: values.workDirectory },
            { sourceVolume: "store", containerPath: values.storeDirectory },
            { sourceVolume: SHARED_DISK_VOLUME, containerPath: values.diskDirectory },
          ],
        },
      ],
    }),
  );
  return taskDefinition?.taskDefinitionArn ?? "";
}
