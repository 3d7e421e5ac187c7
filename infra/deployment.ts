/**
 * A deployment's values: from a file (`-c config=prod.json`) and from the command line (`-c slots=20`), which wins. They are
 * checked before anything is synthesised.
 * @module
 */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { isBaseImage } from "#core/image/reference.ts";
import { ENVIRONMENT_LINK_FORM } from "#core/layout.ts";
import { Login } from "#core/login/backends.ts";
import { PrivateChannels } from "#core/repodata/private-channels.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { checkAddresses, checkEntries } from "#core/specification/settings-entries.ts";
import { Services } from "#core/token/services.ts";
import type { CondaStoreProps } from "./conda-store-props.ts";
import { faultOfNetwork } from "./network.ts";
import { faultOfDisk } from "./shared-disk.ts";
import { faultOfSizes } from "./task-sizes.ts";

/** What a deployment may say. */
export type Deployment = Omit<CondaStoreProps, "local">;

const text = v.pipe(v.string("must be text"), v.nonEmpty("must not be empty"));
const count = (least: number, most: number) => {
  const range = `must be a whole number from ${least} to ${most}`;
  return v.pipe(v.number(range), v.integer(range), v.minValue(least, range), v.maxValue(most, range));
};
const oneOf = <const T extends readonly string[]>(...names: T) =>
  v.picklist(names, `must be one of ${names.join(", ")}`);
const flag = v.boolean("must be true or false");
const absolute = v.pipe(text, v.regex(/^\/\S*$/, "must be an absolute path without spaces"));

const id = (kind: string) =>
  v.pipe(
    text,
    v.regex(new RegExp(`^${kind}-([0-9a-f]{8}|[0-9a-f]{17})$`), `must be an id like ${kind}-0a1b2c3d`),
  );

const FIELDS = {
  bundles: text,
  image: text,
  architecture: oneOf("X86_64", "ARM64"),
  taskSizes: v.pipe(
    v.array(
      v.strictObject({ cpuUnits: count(512, 16_384), memoryMiB: count(1024, 122_880) }),
      "must be a list of sizes",
    ),
    v.rawCheck(({ dataset, addIssue }) => {
      const fault = dataset.typed ? faultOfSizes(dataset.value) : null;
      if (fault !== null) addIssue({ message: fault });
    }),
  ),
  taskDiskGiB: count(21, 200),
  slots: count(1, 1000),
  slotsPerNamespace: count(1, 1000),
  maxAttemptMinutes: count(1, 24 * 60),
  maxQueueHours: count(1, 14 * 24),
  maxTries: v.strictObject({
    died: v.exactOptional(count(1, 100)),
    notStarted: v.exactOptional(count(1, 100)),
    interrupted: v.exactOptional(count(1, 100)),
  }),
  baseImage: v.pipe(
    text,
    v.check(
      isBaseImage,
      "must be a reference such as docker.io/library/debian:stable-slim, or a tar's address with #sha256:…",
    ),
  ),
  removalGraceMinutes: count(0, 30 * 24 * 60),
  auditDays: count(1, 3650),
  keepData: flag,
  restoredTable: text,
  network: v.pipe(
    v.strictObject({
      vpcId: v.exactOptional(id("vpc")),
      subnets: v.exactOptional(v.record(text, id("subnet"), "must name subnets by their zones")),
      zones: v.exactOptional(count(1, 6)),
      cidr: v.exactOptional(v.pipe(text, v.regex(/^[\d.]+\/(1[6-9]|2[0-4])$/, "must be like 10.0.0.0/16"))),
      privateSubnets: v.exactOptional(flag),
      natGateways: v.exactOptional(count(0, 6)),
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      const fault = dataset.typed ? faultOfNetwork(dataset.value) : null;
      if (fault !== null) addIssue({ message: fault });
    }),
  ),
  sharedDisk: v.union(
    [
      v.literal("none"),
      v.strictObject({
        fileSystemId: id("fs"),
        securityGroupId: id("sg"),
        path: v.exactOptional(absolute),
      }),
    ],
    'must be "none", or have fileSystemId and securityGroupId of a file system of yours',
  ),
  storeDirectory: absolute,
  environmentLink: v.pipe(
    text,
    v.regex(
      ENVIRONMENT_LINK_FORM,
      "must have the form {namespace}/envs/{name}, all of it below {namespace}/",
    ),
  ),
  diskOwner: v.strictObject({ uid: count(1, 2 ** 31), gid: count(1, 2 ** 31) }),
  domain: v.strictObject({
    name: v.pipe(text, v.regex(/^([a-z0-9-]+\.)+[a-z0-9-]+$/, "must be a name like conda.example.org")),
    certificateArn: v.pipe(text, v.regex(/^arn:[\w-]+:acm:/, "must be the ARN of an ACM certificate")),
    zone: v.exactOptional(v.strictObject({ id: text, name: text })),
  }),
  urlPrefix: absolute,
  proxyStripsPrefix: flag,
  requestsPerSecond: count(1, 10_000),
  submissionsPerMinute: count(1, 100_000),
  solvesAtOnce: count(1, 10_000),
  loginsPerMinute: count(1, 10_000),
  login: Login,
  services: Services,
  settings: v.record(v.string(), v.unknown(), "must be an object of settings"),
  allowedPrivateHosts: v.array(text, "must be a list"),
  privateIndexedChannels: PrivateChannels,
  repodataMinutesMax: count(1, 7 * 24 * 60),
  prefetchMemoryMb: count(1024, 10_240),
  watchesDisk: flag,
  watchMinutes: count(1, 24 * 60),
  packageDays: count(1, 3650),
  waitAlarmMinutes: count(1, 24 * 60),
  alarmTopicArn: v.pipe(text, v.regex(/^arn:[\w-]+:sns:/, "must be the ARN of an SNS topic")),
  tracing: flag,
  logLevel: oneOf("debug", "info", "warn", "error"),
} satisfies {
  readonly [K in keyof Deployment]-?: v.GenericSchema<unknown, Exclude<Deployment[K], undefined>>;
};

const NAMES = Object.keys(FIELDS) as readonly (keyof Deployment)[];
const Schema = v.strictObject(
  Object.fromEntries(NAMES.map((name) => [name, v.optional(FIELDS[name])])),
  "is no field of a deployment",
);

/**
 * @param context looks up a value by its name: text from the command line, JSON from cdk.json, undefined if it is not given
 * @throws Error one line that names the file and the field
 */
export function readDeployment(context: (name: string) => unknown): Deployment {
  const path = context("config");
  const fromFile = path === undefined ? {} : readConfigFile(String(path));
  const fromContext = Object.fromEntries(
    NAMES.map((name) => [name, parsed(context(name))]).filter(([, value]) => value !== undefined),
  );
  check(fromFile, String(path));
  check(fromContext, "-c");
  const deployment: Deployment = { ...fromFile, ...fromContext };
  const fault = faultOfDisk(deployment.sharedDisk, deployment.network);
  if (fault !== null) throw new Error(`${path ?? "-c"}: sharedDisk ${fault}.`);
  // Functions would find out at their start, when it is too late.
  const settings = deploymentSettings(deployment.settings ?? {});
  checkEntries(settings, "invalid_request");
  checkAddresses(settings, settings.conda_channel_alias, deployment.allowedPrivateHosts ?? []);
  return deployment;
}

function readConfigFile(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`${path} cannot be read as JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`${path} must hold one JSON object.`);
  }
  return value as Record<string, unknown>;
}

function check(values: Readonly<Record<string, unknown>>, where: string): void {
  const result = v.safeParse(Schema, values);
  if (result.success) return;
  const [issue] = result.issues;
  const field = v.getDotPath(issue) ?? "";
  const unknown = issue.type === "strict_object" && issue.expected === "never";
  const problem = unknown ? `is not known; known are ${NAMES.join(", ")}` : issue.message;
  throw new Error(`${where}: ${field} ${problem}.`);
}

function parsed(given: unknown): unknown {
  if (typeof given !== "string") return given;
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}
