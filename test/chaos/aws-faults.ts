/**
 * The ways in which AWS does not answer, in each service's own words.
 * @module
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Random } from "./random.ts";

export type Service = "dynamodb" | "s3" | "sqs" | "ecs" | "events" | "secrets";

export type Trouble = "throttled" | "error" | "error after the deed" | "answer lost" | "no answer";

export interface Refusal {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const PREFIXES: readonly (readonly [string, Service])[] = [
  ["DynamoDB", "dynamodb"],
  ["AmazonSQS", "sqs"],
  ["AmazonEC2ContainerService", "ecs"],
  ["AWSEvents", "events"],
  ["secretsmanager", "secrets"],
];

/** Which service a request is for, and its operation; S3's is the method. */
export function targetOf(
  headers: IncomingHttpHeaders,
  method: string,
): { service: Service; operation: string } {
  const target = String(headers["x-amz-target"] ?? "");
  const service = PREFIXES.find(([prefix]) => target.startsWith(prefix))?.[1] ?? "s3";
  return { service, operation: service === "s3" ? method : (target.split(".").at(-1) ?? "") };
}

/** Whether this request meets trouble. @param rate the share of requests that do */
export function troubleOf(random: Random, rate: number): Trouble | null {
  if (!random.chance(rate)) return null;
  return random.pick(["throttled", "throttled", "error", "error after the deed", "answer lost", "no answer"]);
}

export function refusalOf(service: Service, operation: string, trouble: Trouble, body: Buffer): Refusal {
  const throttled = trouble === "throttled";
  if (service === "s3") {
    const code = throttled ? "SlowDown" : "InternalError";
    const text = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>Please reduce your request rate.</Message></Error>`;
    return { status: throttled ? 503 : 500, type: "application/xml", body: text };
  }
  const json = (status: number, value: object): Refusal => ({
    status,
    type: `application/x-amz-json-${service === "dynamodb" ? "1.0" : "1.1"}`,
    body: JSON.stringify(value),
  });
  if (!throttled) return json(500, { __type: SERVER_ERRORS[service], message: "Internal error" });
  if (operation === "TransactWriteItems") {
    const { TransactItems = [] } = JSON.parse(body.toString("utf8")) as { TransactItems?: object[] };
    const CancellationReasons = TransactItems.map((_, i) => ({
      Code: i === 0 ? "TransactionConflict" : "None",
    }));
    const __type = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    return json(400, { __type, Message: "Transaction cancelled", CancellationReasons });
  }
  return json(400, { __type: "ThrottlingException", message: "Rate exceeded" });
}

const SERVER_ERRORS: Readonly<Record<Exclude<Service, "s3">, string>> = {
  dynamodb: "com.amazonaws.dynamodb.v20120810#InternalServerError",
  sqs: "InternalFailure",
  ecs: "ServerException",
  events: "InternalException",
  secrets: "InternalServiceError",
};
