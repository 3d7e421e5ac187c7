/**
 * The whole local stack with every function, and every build task, behind a door of the recorder.
 * @module
 */
import { CloudFormationClient, DescribeStackResourcesCommand } from "@aws-sdk/client-cloudformation";
import {
  DescribeTaskDefinitionCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  type TaskDefinition,
} from "@aws-sdk/client-ecs";
import { VARIABLES } from "#core/layout.ts";
import { type AwsConfig, awsConfig } from "#local/aws-config.ts";
import { STACK } from "#local/deploy.ts";
import { type Closers, type LocalStack, openStack } from "#local/stack.ts";
import type { Names } from "./judge.ts";
import { openRecorder, type Recorder } from "./recorder.ts";
import { principalOf } from "./roles.ts";

export interface RecordedStack extends LocalStack {
  readonly recorder: Recorder;
  /** Logical ids of what callers name. */
  readonly names: Names;
  /** A function's environment as it is deployed. */
  environmentOf(principal: string): Promise<Readonly<Record<string, string>>>;
  /** Changes variables of a function; its next call sees them. */
  change(principal: string, variables: Readonly<Record<string, string>>): Promise<void>;
  /** Runs a function now. @throws when it fails */
  invoke(principal: string, event?: object): Promise<void>;
  /** Address of the queue whose logical id begins so; nobody's calls go there. */
  queue(logicalId: string): string;
}

export interface RecordedStackOptions {
  readonly root: string;
  /** Private to this stack. */
  readonly directory: string;
  /** Gets the recording, one JSON line per distinct call. */
  readonly file: string;
}

const SILENT = {
  step: async <T>(_: string, work: () => Promise<T> | T): Promise<T> => await work(),
  log: () => {},
  durations: [],
};

/** Starts and deploys the stack; nothing has called AWS yet when this resolves but the deployment itself. */
export async function openRecordedStack(
  { root, directory, file }: RecordedStackOptions,
  closers: Closers,
): Promise<RecordedStack> {
  const stack = await openStack({ root, directory, port: 0, demoChannel: true }, SILENT, closers);
  const aws = awsConfig(stack.endpoint);
  const physical = await physicalNames(aws);
  const functions = new Map(
    [...physical]
      .filter(([, { type }]) => type === "AWS::Lambda::Function")
      .map(([name, { id }]) => [principalOf(id), name]),
  );
  const environmentOf = async (principal: string) =>
    await readEnvironment(aws, functions.get(principal) ?? principal);
  const ecsEndpoint = (await environmentOf("dispatch"))["AWS_ENDPOINT_URL_ECS"];
  const recorder = openRecorder({ endpoint: stack.endpoint, file, ...(ecsEndpoint ? { ecsEndpoint } : {}) });
  closers.add(() => recorder.close());

  for (const [principal, name] of functions) {
    const door = await recorder.door(principal);
    const environment = await readEnvironment(aws, name);
    const definition = environment[VARIABLES.taskDefinition];
    const task = principal === "prefetch" ? "prefetchTask" : "task";
    await writeEnvironment(aws, name, {
      ...throughDoor(environment, aws, door),
      AWS_ENDPOINT_URL: door,
      AWS_ENDPOINT_URL_ECS: door,
      ...(definition
        ? { [VARIABLES.taskDefinition]: await behindDoor(aws, definition, await recorder.door(task)) }
        : {}),
    });
  }
  return {
    ...stack,
    recorder,
    environmentOf,
    change: async (principal, variables) =>
      await writeEnvironment(aws, functions.get(principal) ?? principal, {
        ...(await environmentOf(principal)),
        ...variables,
      }),
    invoke: async (principal, event) => await invoke(aws, functions.get(principal) ?? principal, event),
    queue: (logicalId) => {
      const found = [...physical].find(
        ([, { id, type }]) => type === "AWS::SQS::Queue" && id.startsWith(logicalId),
      );
      if (!found) throw new Error(`the deployed stack has no queue ${logicalId}`);
      return `${stack.endpoint}/000000000000/${found[0]}`;
    },
    names: namesBy(physical),
  };
}

type Physical = ReadonlyMap<string, { readonly id: string; readonly type: string }>;

/** By the last part of the physical name, which is what an ARN, an address and a name have in common. */
async function physicalNames(aws: AwsConfig): Promise<Physical> {
  const { StackResources = [] } = await new CloudFormationClient(aws).send(
    new DescribeStackResourcesCommand({ StackName: STACK }),
  );
  return new Map(
    StackResources.map(({ PhysicalResourceId = "", LogicalResourceId: id = "", ResourceType: type = "" }) => [
      lastPart(PhysicalResourceId),
      { id, type },
    ]),
  );
}

/** Revisions of a task definition are one to us: the recorder registers its own. */
const lastPart = (name: string): string =>
  name
    .replace(/(task-definition\/[^:]+):\d+$/, "$1")
    .split(/[/:]/)
    .at(-1) ?? name;

const namesBy =
  (physical: Physical): Names =>
  ({ name }) => {
    const found = physical.get(lastPart(name));
    if (!found) throw new Error(`${name} is not part of the deployed stack`);
    return found.id;
  };

/**
 * The SDK sends a message to wherever the queue's address leads, so those addresses lead through the door, too.
 * @throws when another variable leads around it
 */
function throughDoor(
  environment: Readonly<Record<string, string>>,
  { endpoint }: AwsConfig,
  door: string,
): Record<string, string> {
  const led = Object.entries(environment).map(
    ([name, value]) => [name, value.replace(/^http:\/\/[^/]+(?=\/\d{12}\/)/, door)] as const,
  );
  const around = led.find(([, value]) => value.includes(new URL(endpoint).host));
  if (around) throw new Error(`${around[0]} leads around the recorder: ${around[1]}`);
  return Object.fromEntries(led);
}

/** Registers the same definition, whose container finds AWS behind the door. @returns its ARN */
async function behindDoor(aws: AwsConfig, definition: string, door: string): Promise<string> {
  const ecs = new ECSClient(aws);
  const { taskDefinition: given } = await ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: definition }),
  );
  const {
    family,
    containerDefinitions = [],
    ...rest
  } = given as TaskDefinition & { readonly family: string };
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({
      ...rest,
      family,
      containerDefinitions: containerDefinitions.map((container) => ({
        ...container,
        environment: [
          ...(container.environment ?? []).map(({ name = "", value = "" }) => ({
            name,
            value: throughDoor({ [name]: value }, aws, door)[name] ?? "",
          })),
          { name: "AWS_ENDPOINT_URL", value: door },
        ],
      })),
    }),
  );
  return taskDefinition?.taskDefinitionArn ?? "";
}

async function invoke(aws: AwsConfig, name: string, event: object = {}): Promise<void> {
  const address = `${aws.endpoint}/2015-03-31/functions/${name}/invocations`;
  const response = await fetch(address, { method: "POST", headers: HEADERS, body: JSON.stringify(event) });
  const text = await response.text();
  if (!response.ok || response.headers.get("x-amz-function-error")) throw new Error(`${name}: ${text}`);
}

const configurationOf = (aws: AwsConfig, name: string): string =>
  `${aws.endpoint}/2015-03-31/functions/${name}/configuration`;

/** The few calls of Lambda's API that a test needs are not worth a client. */
const HEADERS = {
  "content-type": "application/json",
  authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request",
};

async function readEnvironment(aws: AwsConfig, name: string): Promise<Record<string, string>> {
  const response = await fetch(configurationOf(aws, name), { headers: HEADERS });
  const { Environment } = (await response.json()) as {
    readonly Environment?: { readonly Variables?: Record<string, string> };
  };
  return Environment?.Variables ?? {};
}

async function writeEnvironment(aws: AwsConfig, name: string, Variables: object): Promise<void> {
  const response = await fetch(configurationOf(aws, name), {
    method: "PUT",
    headers: HEADERS,
    body: JSON.stringify({ Environment: { Variables } }),
  });
  if (!response.ok) throw new Error(`${name} cannot be put behind its door: ${await response.text()}`);
}
