/**
 * Everything that moves builds, without a schedule: dispatch, real tasks by the RunTask endpoint, finish and sweep, each of
 * them again and again until a build has ended.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ECSClient, RegisterTaskDefinitionCommand } from "@aws-sdk/client-ecs";
import { afterAll, beforeAll } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { openLog } from "#adapters/log.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import type { Build } from "#core/build/build.ts";
import {
  type FinishMessage,
  type LinkMessage,
  parseFinishMessage,
  type WakeUp,
} from "#core/build/messages.ts";
import { isFinal, stateOf } from "#core/build/state-machine.ts";
import { parseTaskName } from "#core/build/task-name.ts";
import type { TryPolicy } from "#core/build/tries.ts";
import { dispatch } from "#functions/dispatch/dispatch.ts";
import { taskReported } from "#functions/finish/finish.ts";
import { sweep } from "#functions/sweep/sweep.ts";
import { awsConfig } from "#local/aws-config.ts";
import { freePort } from "#local/ministack.ts";
import { type RunTaskEndpoint, startRunTaskEndpoint } from "#local/run-task/server.ts";
import type { Workshop } from "./build-task.ts";
import type { LocalAws } from "./ministack.ts";
import { drain } from "./queues.ts";

export interface BuildLine {
  /** Lets a build go its way. @returns the build as it ended */
  untilEnd(id: number, watch?: (build: Build) => void): Promise<Build>;
  /** Memory of each task that the build had, in their order. */
  memoryOf(id: number): number[];
}

export interface BuildLineOptions {
  readonly aws: LocalAws;
  readonly workshop: Workshop;
  /** A Python for the keepers of the tasks. */
  readonly keeper: () => string;
  readonly policy: TryPolicy;
}

const LOOK_MS = 200;

/** Call at the top of a test file, after `useWorkshop`. Nobody hears ECS's events: sweep asks. */
export function useBuildLine({ aws, workshop, keeper, policy }: BuildLineOptions): BuildLine {
  const home = mkdtempSync(join(tmpdir(), "build-line-"));
  let endpoint: RunTaskEndpoint | undefined;
  let taskDefinition = "";
  beforeAll(async () => {
    endpoint = await startRunTaskEndpoint({
      aws: awsConfig(aws.endpoint),
      port: await freePort(),
      logsDirectory: join(home, "logs"),
      log: () => {},
      machine: {
        python: keeper(),
        command: workshop.command(),
        programs: [],
        environment: workshop.environment(),
        sharedDisk: workshop.disk,
        tasksDirectory: join(home, "tasks"),
        namespace: null,
      },
    });
    const registered = await new ECSClient(awsConfig(aws.endpoint)).send(
      new RegisterTaskDefinitionCommand({
        ...{ family: "build-line", cpu: "256", memory: "512" },
        containerDefinitions: [{ name: "build", image: "none" }],
      }),
    );
    taskDefinition = registered.taskDefinition?.taskDefinitionArn ?? "";
  });
  afterAll(async () => {
    await endpoint?.close();
    rmSync(home, { recursive: true, force: true });
  });

  const contexts = () => {
    const client = new ECSClient({ ...awsConfig(aws.endpoint), endpoint: endpoint?.address ?? "" });
    const cluster = "builds";
    const { db, bucket } = workshop;
    return {
      ...policy,
      ...{ db, bucket, slots: 4, slotsPerNamespace: 4, maxQueueHours: 24, maxAttemptMinutes: 60 },
      ...{
        wakeUps: openQueue<WakeUp>(aws.wakeUpQueue),
        links: openQueue<LinkMessage>(aws.linkQueue),
        ends: openQueue<FinishMessage>(aws.finishQueue),
      },
      tasks: {
        ...{ client, cluster, taskDefinition },
        ...{ subnets: ["subnet-1"], securityGroups: ["sg-1"], assignsPublicIp: true },
      },
      clock: () => new Date(),
      log: openLog({ write: () => {} }),
    };
  };

  return {
    async untilEnd(id, watch = () => {}) {
      const context = contexts();
      for (;;) {
        const build = await getBuild(workshop.db, id);
        if (!build) throw new Error(`build ${id} has gone`);
        watch(build);
        if (isFinal(stateOf(build))) return build;
        await dispatch(context);
        for (const body of await drain(aws.finishQueue)) {
          const message = parseFinishMessage(JSON.stringify(body));
          if (message) await taskReported(context, message);
        }
        await sweep(context);
        await pause(LOOK_MS);
      }
    },
    memoryOf: (id) =>
      (endpoint?.tasks.list() ?? [])
        .filter(({ startedBy = "" }) => parseTaskName(startedBy)?.build === id)
        .map(({ memory }) => Number(memory)),
  };
}
