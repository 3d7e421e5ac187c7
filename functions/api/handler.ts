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
import { openQueue, send } from "#adapters/sqs/queue.ts";
import type { LinkMessage, WakeUp } from "#core/build/messages.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { createApp } from "./app.ts";
import { toRequest, toResult } from "./lambda.ts";

const config = readConfig([
  "table",
  "bucket",
  "wakeUpQueue",
  "linkQueue",
  "secret",
  "settings",
  "urlPrefix",
  "proxyStripsPrefix",
  "login",
  "services",
  "prefetchFunction",
  "submissionsPerMinute",
  "loginsPerMinute",
  "auditDays",
  "allowedPrivateHosts",
  "maxQueueHours",
  "maxAttemptMinutes",
  "maxTries",
  "taskSizes",
  "logLevel",
]);
const db = openDb({ table: config.table });
const wakeUps = openQueue<WakeUp>(config.wakeUpQueue, db.client);
/** Without a shared disk there are no links. */
const links = config.linkQueue === null ? null : openQueue<LinkMessage>(config.linkQueue, db.client);
const prefix = config.urlPrefix.replace(/\/+$/, "");
const strippedPrefix = config.proxyStripsPrefix ? prefix : "";
const app = createApp({
  db,
  auditDays: config.auditDays,
  bucket: openBucket(config.bucket, db.client),
  secret: cacheSecret(readSecret(config.secret)),
  settings: deploymentSettings(config.settings),
  prefix,
  login: config.login,
  services: config.services,
  clientSecret: (arn) => readSecret(arn)(),
  rates: config,
  limits: config,
  allowPrivateHosts: config.allowedPrivateHosts,
  wakeUp: (reason) => send(wakeUps, { reason }),
  askForLink: async (link) => {
    if (links !== null) await send(links, link);
  },
  askForIndexes: async (request) => {
    const { invokeFunction } = await import("#adapters/invoke-function.ts");
    const limits = { idleMsMax: 10_000, bytesMax: 64 * 1024, signal: AbortSignal.timeout(20_000) };
    const how = { ...limits, asynchronous: true };
    const { status } = await invokeFunction(db.client, config.prefetchFunction, request, how);
    if (status !== 202) throw new Error(`Lambda did not take the request to read channels: ${status}`);
  },
  openApi: new URL("./openapi.json", import.meta.url),
  page: new URL("./ui/", import.meta.url),
  log: openLog({ level: config.logLevel }),
});

export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const { requestId, http } = event.requestContext;
  return toResult(await app.fetch(toRequest(event, strippedPrefix), { requestId, address: http.sourceIp }));
}
