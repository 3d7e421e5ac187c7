/**
 * Real tasks of the local RunTask endpoint: processes that run a script, known to ECS by their ARNs.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DescribeTasksCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
} from "@aws-sdk/client-ecs";
import { afterAll, beforeAll, vi } from "vitest";
import type { WatchedTasks } from "#adapters/ecs/watch-tasks.ts";
import { awsConfig } from "#local/aws-config.ts";
import { freePort } from "#local/ministack.ts";
import { ensurePythonTools } from "#local/python.ts";
import { type RunTaskEndpoint, startRunTaskEndpoint } from "#local/run-task/server.ts";
import type { LocalAws } from "./ministack.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

export interface RealTasks {
  watched: WatchedTasks;
  /** Starts a task with this name. Its process waits until somebody ends it. @returns its ARN once it runs */
  start(startedBy: string): Promise<string>;
  status(arn: string): Promise<string | undefined>;
  /** Kills the task's process by signal 9 and waits until ECS knows. */
  kill(arn: string): Promise<void>;
}

/** Call at the top of a test file, after `useMiniStack`. Nobody hears of ends: every event is lost. */
export function useRealTasks(aws: LocalAws): RealTasks {
  const home = mkdtempSync(join(tmpdir(), "conda-store-tasks-"));
  const pids = new Map<string, number>();
  let endpoint: RunTaskEndpoint | undefined;
  let definition = "";
  const cluster = "builds";
  const real: RealTasks = {
    watched: {} as WatchedTasks,
    async start(startedBy) {
      const { tasks } = await real.watched.client.send(
        new RunTaskCommand({ cluster, taskDefinition: definition, startedBy }),
      );
      const arn = tasks?.[0]?.taskArn ?? "";
      await waitFor(arn, "RUNNING");
      await vi.waitFor(() => {
        if (!pids.has(startedBy)) throw new Error("no process yet");
      });
      pids.set(arn, pids.get(startedBy) ?? 0);
      return arn;
    },
    async status(arn) {
      const { tasks } = await real.watched.client.send(new DescribeTasksCommand({ cluster, tasks: [arn] }));
      return tasks?.[0]?.lastStatus;
    },
    async kill(arn) {
      process.kill(pids.get(arn) ?? 0, "SIGKILL");
      await waitFor(arn, "STOPPED");
    },
  };
  const waitFor = (arn: string, status: string) =>
    vi.waitFor(
      async () => {
        if ((await real.status(arn)) !== status) throw new Error(`not ${status} yet`);
      },
      { timeout: 30_000, interval: 50 },
    );
  beforeAll(async () => {
    const { python } = await ensurePythonTools(ROOT, () => {});
    endpoint = await startRunTaskEndpoint({
      aws: awsConfig(aws.endpoint),
      port: await freePort(),
      logsDirectory: join(home, "logs"),
      log: (line) => {
        const started = /^task (\S+) started \(process (\d+)\)$/.exec(line);
        if (started?.[1]) pids.set(started[1], Number(started[2]));
      },
      machine: {
        python,
        command: [process.execPath, "-e", "setInterval(() => {}, 1000)"],
        environment: { PATH: process.env["PATH"] ?? "" },
        sharedDisk: join(home, "store"),
        tasksDirectory: join(home, "tasks"),
        namespace: null,
        programs: [],
      },
    });
    const client = new ECSClient({ ...awsConfig(aws.endpoint), endpoint: endpoint.address });
    real.watched = { client, cluster };
    const container = { name: "build", image: "none" };
    const { taskDefinition } = await client.send(
      new RegisterTaskDefinitionCommand({
        family: "build",
        cpu: "1024",
        memory: "1024",
        containerDefinitions: [container],
      }),
    );
    definition = taskDefinition?.taskDefinitionArn ?? "";
  });
  afterAll(async () => {
    await endpoint?.close();
    rmSync(home, { recursive: true, force: true });
  });
  return real;
}
