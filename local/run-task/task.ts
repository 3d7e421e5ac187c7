/**
 * A task in ECS's words.
 * @module
 */
import { randomUUID } from "node:crypto";
import type { RunTaskCommandInput, TaskDefinition, TaskOverride } from "@aws-sdk/client-ecs";

export type LastStatus = "PROVISIONING" | "PENDING" | "RUNNING" | "STOPPED";

/** What ECS shows of a task, in DescribeTasks and in events; the few fields that anybody here reads. */
export interface Task {
  readonly taskArn: string;
  readonly clusterArn: string;
  readonly taskDefinitionArn: string;
  readonly startedBy?: string;
  readonly group: string;
  readonly launchType: string;
  readonly overrides: TaskOverride;
  readonly cpu: string;
  readonly memory: string;
  readonly createdAt: Date;
  readonly container: string;
  readonly lastStatus: LastStatus;
  readonly desiredStatus: "RUNNING" | "STOPPED";
  /** Raised by each change, as in ECS's events. */
  readonly version: number;
  readonly startedAt?: Date;
  readonly stoppedAt?: Date;
  readonly exitCode?: number;
  readonly stopCode?: string;
  readonly stoppedReason?: string;
  /** Why the container ended, where its exit code does not say it. */
  readonly containerReason?: string;
}

/** The cluster's ARN, whether it was named by ARN or by name. */
export const clusterArnOf = (cluster: string): string =>
  cluster.startsWith("arn:") ? cluster : `arn:aws:ecs:us-east-1:000000000000:cluster/${cluster}`;

const lastPart = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1);

/** The task's id: the end of its ARN. */
export const taskIdOf = (arn: string): string => lastPart(arn);

/** A task that was asked for and has not started. */
export function newTask(request: RunTaskCommandInput, definition: TaskDefinition): Task {
  const clusterArn = clusterArnOf(request.cluster ?? "default");
  const id = randomUUID().replaceAll("-", "");
  return {
    taskArn: `${clusterArn.replace(":cluster/", ":task/")}/${id}`,
    clusterArn,
    taskDefinitionArn: definition.taskDefinitionArn ?? "",
    ...(request.startedBy === undefined ? {} : { startedBy: request.startedBy }),
    group: request.group ?? `family:${definition.family}`,
    launchType: request.launchType ?? "FARGATE",
    overrides: request.overrides ?? {},
    cpu: request.overrides?.cpu ?? definition.cpu ?? "1024",
    memory: request.overrides?.memory ?? definition.memory ?? "4096",
    createdAt: new Date(),
    container: definition.containerDefinitions?.[0]?.name ?? "",
    lastStatus: "PROVISIONING",
    desiredStatus: "RUNNING",
    version: 1,
  };
}

/** The task as ECS's JSON protocol (times in seconds) and its events (ISO times) write it. */
export function wireTask(task: Task, time: (at: Date) => number | string): Record<string, unknown> {
  const { container, containerReason, exitCode, createdAt, startedAt, stoppedAt, ...rest } = task;
  return {
    ...rest,
    createdAt: time(createdAt),
    ...(startedAt === undefined ? {} : { startedAt: time(startedAt) }),
    ...(stoppedAt === undefined ? {} : { stoppedAt: time(stoppedAt), executionStoppedAt: time(stoppedAt) }),
    attachments: [],
    containers: [
      {
        containerArn: `${task.taskArn.replace(":task/", ":container/")}/${container}`,
        taskArn: task.taskArn,
        name: container,
        lastStatus: task.lastStatus,
        ...(exitCode === undefined ? {} : { exitCode }),
        ...(containerReason === undefined ? {} : { reason: containerReason }),
      },
    ],
  };
}

export const epochSeconds = (at: Date): number => at.getTime() / 1000;
export const isoTime = (at: Date): string => at.toISOString();
