/**
 * What a request asks of IAM, read from the request as it was sent.
 * @module
 */
import { asksOfDynamoDb } from "./asks-of-dynamodb.ts";
import { asksOfS3 } from "./asks-of-s3.ts";
import { type Ask, type AwsRequest, ask, unknownAsk } from "./call.ts";

type Json = Readonly<Record<string, unknown>>;

/** An unsigned request is nobody's, so no role can allow it. */
export function asksOfRequest(request: AwsRequest): Ask[] {
  const service = serviceOf(request);
  if (service === null) return [unknownAsk(`unsigned:${request.method} ${request.url.split("?")[0]}`)];
  if (service === "s3") return asksOfS3(request);
  if (service === "lambda") return asksOfLambda(request);
  const operation =
    String(request.headers["x-amz-target"] ?? "")
      .split(".")
      .at(-1) ?? "";
  const input = JSON.parse(request.body.toString("utf8") || "{}") as Json;
  const reader = READERS[service];
  return reader?.(operation, input) ?? [unknownAsk(`${service}:${operation}`)];
}

/** The service that the signature is for: of the header, or of a presigned address. */
export function serviceOf({ headers, url }: Pick<AwsRequest, "headers" | "url">): string | null {
  const header = /Credential=([^,\s]+)/.exec(String(headers["authorization"] ?? ""))?.[1];
  const scope = header ?? new URL(url, "http://aws").searchParams.get("X-Amz-Credential");
  return scope?.split("/").at(-2) ?? null;
}

const READERS: Readonly<Record<string, (operation: string, input: Json) => Ask[] | null>> = {
  dynamodb: asksOfDynamoDb,
  sqs: (operation, { QueueUrl: url }) => [
    ask(`sqs:${operation.replace(/Batch$/, "")}`, {
      kind: "queue",
      name: String(url).split("/").at(-1) ?? "",
    }),
  ],
  secretsmanager: (operation, { SecretId: id }) => [
    ask(`secretsmanager:${operation}`, { kind: "secret", name: String(id) }),
  ],
  ecs: asksOfEcs,
};

/** Nothing of ours asks Lambda for anything but running a function. */
function asksOfLambda({ method, url }: AwsRequest): Ask[] {
  const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(url)?.[1];
  if (method !== "POST" || name === undefined) return [unknownAsk(`lambda:${method} ${url}`)];
  return [ask("lambda:InvokeFunction", { kind: "function", name: decodeURIComponent(name) })];
}

/** Starting a task also hands over the definition's roles: iam:PassRole is added where the definition is known. */
function asksOfEcs(operation: string, input: Json): Ask[] | null {
  const cluster = String(input["cluster"] ?? "default");
  const context = { "ecs:cluster": cluster };
  if (operation === "RunTask") {
    const target = { kind: "taskDefinition", name: String(input["taskDefinition"]) } as const;
    return [ask("ecs:RunTask", target, context)];
  }
  const tasks =
    operation === "StopTask"
      ? [input["task"]]
      : operation === "DescribeTasks"
        ? (input["tasks"] as unknown[])
        : null;
  return (
    tasks?.map((task) => {
      const below = String(task).split("/").at(-1) ?? "";
      return ask(`ecs:${operation}`, { kind: "cluster", name: cluster, below }, context);
    }) ?? null
  );
}
