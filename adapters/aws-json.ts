/**
 * One call of AWS's JSON protocol: signed, sent, and tried again as the SDK would (docs/adr/0016-calls-past-the-sdk.md).
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import { readAwsPlace } from "./config.ts";
import { type Answer, exchange } from "./exchange.ts";
import { isPassing } from "./passing.ts";
import { type Credentials, signedHeaders } from "./sigv4.ts";

export type Fields = Record<string, unknown>;

/** Any client of the SDK: region and credentials are lent, so that they are found and renewed once. */
export interface Lender {
  readonly config: {
    readonly region: () => Promise<string>;
    readonly credentials: () => Promise<Credentials>;
  };
}

/** Each service by the name that signatures have. */
const SERVICES = {
  dynamodb: { api: "DynamoDB_20120810", json: "1.0", place: "DYNAMODB" },
  sqs: { api: "AmazonSQS", json: "1.0", place: "SQS" },
  secretsmanager: { api: "secretsmanager", json: "1.1", place: "SECRETS_MANAGER" },
} as const;
type ServiceName = keyof typeof SERVICES;

export interface JsonService {
  readonly service: ServiceName;
  readonly region: string;
  readonly url: URL;
  readonly lender: Lender;
}

const TRIES = 5;
const BACKOFF_MS = 20;
const BACKOFF_MS_MAX = 1500;
const IDLE_MS_MAX = 10_000;

/** A refusal, `name` as the service names it; or `ServiceUnavailable`, where there was no answer after all tries. */
export class AwsError extends Error {
  /** What else the service said. */
  readonly told: Fields;

  constructor(name: string, message: string, told: Fields) {
    super(message);
    this.name = name;
    this.told = told;
  }
}

/**
 * Where a service is, by the SDK's own variables.
 * @param endpoint another place than these say
 */
export async function openJsonService(
  service: ServiceName,
  lender: Lender,
  endpoint?: string,
): Promise<JsonService> {
  const region = await lender.config.region();
  const place = readAwsPlace(SERVICES[service].place);
  const address = endpoint ?? place.endpoint ?? `https://${service}.${region}.amazonaws.com`;
  return { service, region, url: new URL(address), lender };
}

/**
 * Throttling, faults of the service and broken connections are tried again with full jitter, five times in all. Each try sends the
 * same bytes, so that an idempotence token in them holds.
 * @throws AwsError
 */
export async function askJson(service: JsonService, operation: string, input: Fields): Promise<Fields> {
  const body = JSON.stringify(input);
  for (let tries = 1; ; tries += 1) {
    const answer = await once(service, operation, body).catch((error: unknown) => {
      if (tries < TRIES) return null;
      const why = error instanceof Error ? error.message : String(error);
      throw new AwsError("ServiceUnavailable", `${service.service} cannot be reached: ${why}`, {});
    });
    if (answer?.status === 200) return JSON.parse(answer.body.toString("utf8")) as Fields;
    if (answer) {
      const error = errorOf(service, answer);
      if (tries === TRIES || (answer.status < 500 && !isPassing(error))) throw error;
    }
    await pause(Math.random() * Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** tries));
  }
}

async function once(
  { service, region, url, lender }: JsonService,
  operation: string,
  body: string,
): Promise<Answer> {
  const credentials = await lender.config.credentials();
  const { api, json } = SERVICES[service];
  const headers = signedHeaders(
    {
      method: "POST",
      url,
      headers: {
        "content-type": `application/x-amz-json-${json}`,
        "x-amz-target": `${api}.${operation}`,
      },
      body,
    },
    { service, region, credentials },
  );
  return await exchange(url, { method: "POST", headers, body, idleMsMax: IDLE_MS_MAX });
}

function errorOf({ service }: JsonService, { status, body }: Answer): AwsError {
  let told: Fields = {};
  try {
    told = JSON.parse(body.toString("utf8")) as Fields;
  } catch {
    // A proxy's page: the status says enough.
  }
  const type = String(told["__type"] ?? "");
  const name = type.slice(type.lastIndexOf("#") + 1) || "ServiceUnavailable";
  return new AwsError(
    name,
    String(told["message"] ?? told["Message"] ?? `${service} answered ${status}`),
    told,
  );
}
