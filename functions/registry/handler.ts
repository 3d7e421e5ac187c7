/**
 * Entry point of the registry function.
 * @module
 */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { readConfig } from "#adapters/config.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { openLog } from "#adapters/log.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { cacheSecret, readSecret } from "#adapters/secrets/secret.ts";
import { toRequest, toResult } from "./lambda.ts";
import { answer } from "./registry.ts";

const config = readConfig(["table", "bucket", "secret", "services", "logLevel"]);
const db = openDb({ table: config.table });
const services = {
  db,
  bucket: openBucket(config.bucket, db.client),
  secret: cacheSecret(readSecret(config.secret)),
  services: config.services,
  log: openLog({ level: config.logLevel }),
};

export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  return toResult(await answer(services, toRequest(event)));
}
