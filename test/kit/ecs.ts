/**
 * An ECS that does as it is told: RunTask in ECS's own JSON protocol, over HTTP, so that the SDK's client is the real one.
 * For what no emulator does on demand: refusing, having no room, losing its answer.
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { openTasks, type Tasks } from "#adapters/ecs/start-task.ts";

export interface RunTaskRequest {
  readonly clientToken: string;
  readonly startedBy: string;
  readonly cluster: string;
  readonly overrides: object;
  readonly networkConfiguration: object;
}

export type Behaviour = "start" | "no room" | "refuse" | "throttle" | "start and lose the answer";

export interface FakeEcs {
  tasks: Tasks;
  /** What comes next; "start" again for each test. */
  behaviour: Behaviour;
  readonly requests: RunTaskRequest[];
  /** Tasks that run, by client token: asking twice with one token starts one. */
  readonly running: Map<string, string>;
}

/** Call at the top of a test file, after `useMiniStack`. */
export function useEcs(): FakeEcs {
  const ecs: FakeEcs = { tasks: {} as Tasks, behaviour: "start", requests: [], running: new Map() };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      const asked = JSON.parse(body) as RunTaskRequest;
      ecs.requests.push(asked);
      const reply = (status: number, value: object): void => {
        response.writeHead(status, { "content-type": "application/x-amz-json-1.1" });
        response.end(JSON.stringify(value));
      };
      if (ecs.behaviour === "refuse") {
        const message = "User: arn:aws:iam::123456789012:role/x is not authorized";
        return reply(400, { __type: "AccessDeniedException", message });
      }
      if (ecs.behaviour === "throttle") {
        return reply(400, { __type: "ThrottlingException", message: "Rate exceeded" });
      }
      if (ecs.behaviour === "no room") {
        const reason = "Capacity is unavailable at this time. Please try again later or in a different zone";
        return reply(200, { tasks: [], failures: [{ arn: "arn:aws:ecs:x", reason }] });
      }
      const known = ecs.running.get(asked.clientToken);
      const taskArn = known ?? `arn:aws:ecs:us-east-1:000000000000:task/builds/${crypto.randomUUID()}`;
      ecs.running.set(asked.clientToken, taskArn);
      if (ecs.behaviour === "start and lose the answer") return request.socket.destroy();
      return reply(200, { tasks: [{ taskArn, lastStatus: "PROVISIONING" }], failures: [] });
    });
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    process.env["AWS_ENDPOINT_URL_ECS"] = `http://127.0.0.1:${port}`;
    ecs.tasks = openTasks({
      cluster: "builds",
      taskDefinition: "build:7",
      subnets: ["subnet-1", "subnet-2"],
      securityGroups: ["sg-1"],
      assignsPublicIp: true,
    });
  });
  beforeEach(() => {
    ecs.behaviour = "start";
    ecs.requests.length = 0;
    ecs.running.clear();
  });
  afterAll(() => {
    delete process.env["AWS_ENDPOINT_URL_ECS"];
    server.closeAllConnections();
    server.close();
  });
  return ecs;
}
