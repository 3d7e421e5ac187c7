/**
 * The environment, read once and whole: the only place in functions and in the build task that knows `process.env`.
 * @module
 */
import * as v from "valibot";
import { taskSizesOf } from "#core/build/task-size.ts";
import { maxTriesOf } from "#core/build/tries.ts";
import { ENVIRONMENT_LINK_FORM, VARIABLES } from "#core/layout.ts";
import { readLogin } from "#core/login/backends.ts";
import { readRepodataOrder } from "#core/repodata/order.ts";
import { readPrivateChannels } from "#core/repodata/private-channels.ts";
import { readServices } from "#core/token/services.ts";
import type { Credentials } from "./sigv4.ts";

type Variable = keyof typeof VARIABLES;

/** How each variable is read. A variable that is not listed is a plain non-empty string. */
const text = v.pipe(v.string("is missing"), v.nonEmpty("is empty"));
/** Empty where the deployment has no such thing. */
const textOrNone = v.pipe(
  v.string("is missing"),
  v.transform((value) => (value === "" ? null : value)),
);
const count = v.pipe(text, v.regex(/^\d+$/, "must be a whole number"), v.transform(Number));
const flag = v.pipe(
  v.picklist(["true", "false"], 'must be "true" or "false"'),
  v.transform((word) => word === "true"),
);
const list = v.pipe(
  v.string("is missing"),
  v.transform((value) => value.split(",").filter((item) => item !== "")),
);
const json = v.pipe(
  text,
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return JSON.parse(dataset.value) as unknown;
    } catch {
      addIssue({ message: "is not JSON" });
      return NEVER;
    }
  }),
);

/** JSON that a function reads; null is its refusal. */
const readBy = <T>(read: (value: unknown) => T | null, refusal: string) =>
  v.pipe(
    json,
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const value = read(dataset.value);
      if (value !== null) return value;
      addIssue({ message: refusal });
      return NEVER;
    }),
  );

const SCHEMAS = {
  table: text,
  bucket: text,
  wakeUpQueue: text,
  finishQueue: text,
  linkQueue: textOrNone,
  secret: text,
  solveFunction: text,
  cluster: text,
  taskDefinition: text,
  subnets: list,
  securityGroups: list,
  assignsPublicIp: flag,
  watchesDisk: flag,
  slots: count,
  slotsPerNamespace: count,
  settings: json,
  urlPrefix: text,
  proxyStripsPrefix: flag,
  services: readBy(readServices, "must be a JSON array of services"),
  login: readBy(readLogin, "must be a JSON object that describes logins"),
  submissionsPerMinute: count,
  loginsPerMinute: count,
  allowedPrivateHosts: list,
  storeDirectory: text,
  environmentLink: v.pipe(text, v.regex(ENVIRONMENT_LINK_FORM, "must have the form {namespace}/envs/{name}")),
  diskDirectory: textOrNone,
  workDirectory: text,
  buildId: count,
  engine: v.picklist(["mamba", "rattler"], 'must be "mamba" or "rattler"'),
  engineProgram: text,
  packPython: text,
  memoryEvents: text,
  isolation: v.picklist(["required", "possible"], 'must be "required" or "possible"'),
  maxAttemptMinutes: count,
  maxQueueHours: count,
  maxTries: readBy(maxTriesOf, "must be a JSON object of whole numbers from 1"),
  taskSizes: readBy(taskSizesOf, "must be a JSON array of sizes, each with more memory than the one before"),
  removalGraceMinutes: count,
  auditDays: count,
  channelSecrets: text,
  privateIndexedChannels: readBy(
    readPrivateChannels,
    "must be a JSON object with a list of channels for each namespace",
  ),
  repodataMinutesMax: count,
  repodataOrder: readBy(readRepodataOrder, "must be a JSON object that names a channel"),
  prefetchFunction: text,
  logLevel: text,
} satisfies Record<Variable, v.GenericSchema<string, unknown>>;

export type Config<K extends Variable> = { readonly [P in K]: v.InferOutput<(typeof SCHEMAS)[P]> };

/**
 * Reads the named variables.
 * @throws Error that names every missing or malformed variable at once, without their values.
 */
export function readConfig<K extends Variable>(
  wanted: readonly K[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Config<K> {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of wanted) {
    const result = v.safeParse(SCHEMAS[name], env[VARIABLES[name]]);
    if (result.success) values[name] = result.output;
    else faults.push(`${VARIABLES[name]} ${result.issues[0].message}`);
  }
  if (faults.length > 0) throw new Error(`The environment is not complete: ${faults.join("; ")}`);
  return values as Config<K>;
}

/**
 * Where AWS is, by the SDK's own variables: for the parts that speak to a service without its client.
 * `endpoint` is undefined on AWS itself.
 */
export function readAwsPlace(
  service: "S3" | "DYNAMODB" | "SQS" | "LAMBDA" | "SECRETS_MANAGER",
  env: Readonly<Record<string, string | undefined>> = process.env,
): { readonly region: string; readonly endpoint: string | undefined } {
  return {
    region: env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"] ?? "us-east-1",
    endpoint: env[`AWS_ENDPOINT_URL_${service}`] ?? env["AWS_ENDPOINT_URL"],
  };
}

/** Credentials that stand in the SDK's own variables; null where they do not, or where a profile is named. */
export function readAwsCredentials(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Credentials | null {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE } = env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY || AWS_PROFILE) return null;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN,
  };
}

/** Where a task asks ECS about itself; undefined outside ECS. */
export const readTaskMetadataAddress = (
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined => env["ECS_CONTAINER_METADATA_URI_V4"];

/** Who counts the task's processes killed for memory in the kernel's place; undefined where the kernel does. */
export const readMemoryEventsFile = (
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined => env[VARIABLES.memoryEvents];
