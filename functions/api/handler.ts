/**
 * Entry point of the API function.
 * @module
 */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { readConfig } from "#adapters/config.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { openLog } from "#adapters/log.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { cacheSecret, readSecret } from "#adapters/secrets/secret.ts";
import type { WakeUp } from "#core/build/messages.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { createApp } from "./app.ts";
import { toRequest, toResult } from "./lambda.ts";

const config = readConfig([
  "table",
  "bucket",
  "wakeUpQueue",
  "secret",
  "settings",
  "urlPrefix",
  "authentication",
  "allowedPrivateHosts",
  "logLevel",
]);
const db = openDb({ table: config.table });
let queue: Promise<(message: WakeUp) => Promise<void>> | undefined;
const app = createApp({
  db,
  bucket: openBucket(config.bucket, db.client),
  secret: cacheSecret(readSecret(config.secret)),
  settings: deploymentSettings(config.settings),
  prefix: config.urlPrefix.replace(/\/+$/, ""),
  authentication: config.authentication,
  allowPrivateHosts: config.allowedPrivateHosts,
  wakeUp: async (reason) => {
    // Only a POST needs the queue's client.
    queue ??= import("#adapters/sqs/queue.ts").then(({ openQueue, send }) => {
      const wakeUps = openQueue<WakeUp>(config.wakeUpQueue);
      return (message) => send(wakeUps, message);
    });
    await (await queue)({ reason });
  },
  page: new URL("./ui/", import.meta.url),
  log: openLog({ level: config.logLevel }),
});

export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const { requestId } = event.requestContext;
  return toResult(await app.fetch(toRequest(event), { requestId }));
}
