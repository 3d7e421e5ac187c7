/**
 * The RunTask endpoint: what of ECS has no honest stand-in without Docker, in ECS's own JSON protocol. Everything else is
 * passed on to the local AWS. It also answers a task's question for its own metadata.
 * @module
 */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { DescribeTaskDefinitionCommand, ECSClient, type RunTaskCommandInput } from "@aws-sdk/client-ecs";
import type { AwsConfig } from "../aws-config.ts";
import type { Machine } from "./launch.ts";
import { clusterArnOf, epochSeconds, type Task, wireTask } from "./task.ts";
import { Tasks } from "./tasks.ts";

const TARGET = "AmazonEC2ContainerServiceV20141113.";
const BODY_BYTES_MAX = 1024 * 1024;

export interface RunTaskEndpoint {
  readonly address: string;
  readonly tasks: Tasks;
  /** Ends every task, reports the ends, and closes. */
  close(): Promise<void>;
}

export interface RunTaskOptions {
  readonly machine: Machine;
  readonly aws: AwsConfig;
  readonly port: number;
  readonly logsDirectory: string;
  readonly log: (line: string) => void;
}

/** A refusal in ECS's protocol. */
class EcsError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export async function startRunTaskEndpoint(options: RunTaskOptions): Promise<RunTaskEndpoint> {
  const { aws, port } = options;
  const ecs = new ECSClient(aws);
  const address = `http://127.0.0.1:${port}`;
  const tasks = new Tasks({ ...options, metadataAddress: `${address}/v4` });
  const server = createServer((request, response) => {
    answer(request, response, { tasks, ecs, endpoint: aws.endpoint }).catch((error: unknown) => {
      const refusal = error instanceof EcsError ? error : new EcsError("ServerException", String(error));
      send(response, refusal.code === "ServerException" ? 500 : 400, {
        __type: refusal.code,
        message: refusal.message,
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tasks,
    close: async () => {
      await tasks.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface World {
  readonly tasks: Tasks;
  readonly ecs: ECSClient;
  readonly endpoint: string;
}

async function answer(request: IncomingMessage, response: ServerResponse, world: World): Promise<void> {
  const metadata = /^\/v4\/([0-9a-f]+)(\/task)?$/.exec(request.url ?? "");
  if (metadata?.[1]) {
    sendMetadata(response, world.tasks.find(metadata[1]), metadata[2] !== undefined);
    return;
  }
  const body = await bodyOf(request);
  const target = String(request.headers["x-amz-target"] ?? "");
  const operation = target.startsWith(TARGET) ? target.slice(TARGET.length) : "";
  const handler = OPERATIONS[operation];
  if (!handler) forward(request, body, response, world.endpoint);
  else send(response, 200, await handler(JSON.parse(body.toString("utf8")) as Input, world));
}

type Input = Partial<Omit<RunTaskCommandInput, "tasks">> & {
  readonly task?: string;
  readonly tasks?: readonly string[];
  readonly reason?: string;
  readonly desiredStatus?: string;
};
type Operation = (input: Input, world: World) => Promise<object> | object;

const shown = (task: Task): Record<string, unknown> => wireTask(task, epochSeconds);

const OPERATIONS: Readonly<Record<string, Operation>> = {
  RunTask: async (input, { tasks, ecs }) => {
    const { taskDefinition } = input;
    if (!taskDefinition) throw new EcsError("InvalidParameterException", "taskDefinition is required.");
    const described = await ecs
      .send(new DescribeTaskDefinitionCommand({ taskDefinition }))
      .catch((error: unknown) => {
        throw new EcsError("ClientException", `Unable to describe task definition: ${String(error)}`);
      });
    if (!described.taskDefinition) throw new EcsError("ClientException", "TaskDefinition not found.");
    const task = tasks.run({ ...input, taskDefinition } as RunTaskCommandInput, described.taskDefinition);
    if (!task) throw new EcsError("ConflictException", "The client token was used for another request.");
    return { tasks: [shown(task)], failures: [] };
  },
  StopTask: (input, { tasks }) => {
    const task = tasks.stop(input.task ?? "", input.reason ?? "Task stopped by user");
    if (!task) throw new EcsError("InvalidParameterException", "The referenced task was not found.");
    return { task: shown(task) };
  },
  DescribeTasks: (input, { tasks }) => {
    const asked = input.tasks ?? [];
    const found = asked.flatMap((arn) => tasks.find(arn) ?? []);
    const failures = asked.filter((arn) => !tasks.find(arn)).map((arn) => ({ arn, reason: "MISSING" }));
    return { tasks: found.map(shown), failures };
  },
  ListTasks: (input, { tasks }) => {
    const cluster = clusterArnOf(input.cluster ?? "default");
    const wanted = input.desiredStatus ?? "RUNNING";
    const found = tasks
      .list()
      .filter(
        (task) =>
          task.clusterArn === cluster &&
          task.desiredStatus === wanted &&
          (input.startedBy === undefined || task.startedBy === input.startedBy),
      );
    return { taskArns: found.map(({ taskArn }) => taskArn) };
  },
};

/** What a container asks of its metadata address: itself, or with `/task` its task. */
function sendMetadata(response: ServerResponse, task: Task | undefined, whole: boolean): void {
  if (!task) {
    send(response, 404, { message: "no such task" });
    return;
  }
  const container = {
    Name: task.container,
    Labels: { "com.amazonaws.ecs.task-arn": task.taskArn },
    Limits: { Memory: Number(task.memory) },
  };
  const [family, revision] = task.taskDefinitionArn
    .slice(task.taskDefinitionArn.lastIndexOf("/") + 1)
    .split(":");
  send(
    response,
    200,
    whole
      ? {
          Cluster: task.clusterArn,
          TaskARN: task.taskArn,
          Family: family,
          Revision: revision,
          LaunchType: task.launchType,
          Limits: { CPU: Number(task.cpu) / 1024, Memory: Number(task.memory) },
          Containers: [container],
        }
      : container,
  );
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > BODY_BYTES_MAX) throw new EcsError("InvalidParameterException", "The request is too large.");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function forward(request: IncomingMessage, body: Buffer, response: ServerResponse, endpoint: string): void {
  const { host: _, ...headers } = request.headers;
  const outgoing = httpRequest(
    new URL(request.url ?? "/", endpoint),
    { method: request.method ?? "GET", headers },
    (incoming) => {
      response.writeHead(incoming.statusCode ?? 502, incoming.headers);
      incoming.pipe(response);
    },
  );
  outgoing.on("error", (error) => send(response, 502, { __type: "ServerException", message: error.message }));
  outgoing.end(body);
}

function send(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.1" });
  response.end(JSON.stringify(value));
}
