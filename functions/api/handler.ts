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
  "solveFunction",
  "maxQueueHours",
  "maxAttemptMinutes",
  "maxTries",
  "taskSizes",
  "logLevel",
]);
/** API Gateway ends a request after 29 seconds, and what comes before and after takes its time. */
const SOLVE_WAIT_MS = 24_000;

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
  askForIndexes: (request) => tell(config.prefetchFunction, request),
  askForSolve: (id) => tell(config.solveFunction, { solve: id }),
  solveWaitMs: SOLVE_WAIT_MS,
  openApi: new URL("./openapi.json", import.meta.url),
  page: new URL("./ui/", import.meta.url),
  log: openLog({ level: config.logLevel }),
});

/** Tells a function that answers nobody. */
async function tell(functionArn: string, event: object): Promise<void> {
  const { invokeFunction } = await import("#adapters/invoke-function.ts");
  const limits = { idleMsMax: 10_000, bytesMax: 64 * 1024, signal: AbortSignal.timeout(20_000) };
  const { status } = await invokeFunction(db.client, functionArn, event, { ...limits, asynchronous: true });
  if (status !== 202) throw new Error(`Lambda did not take an event for ${functionArn}: ${status}`);
}

export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const { requestId, http } = event.requestContext;
  return toResult(await app.fetch(toRequest(event, strippedPrefix), { requestId, address: http.sourceIp }));
}
