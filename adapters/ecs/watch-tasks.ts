/**
 * Asking ECS what became of tasks, and ending them.
 * @module
 */
import { DescribeTasksCommand, ECSClient, StopTaskCommand } from "@aws-sdk/client-ecs";
import { parseStoppedTask, type StoppedTask } from "#core/build/stopped-task.ts";
import { BUILD_CONTAINER } from "#core/layout.ts";

export interface WatchedTasks {
  readonly client: ECSClient;
  readonly cluster: string;
}

/** Opens the cluster; the SDK's own variables say where ECS is. */
export const openWatchedTasks = (cluster: string): WatchedTasks => ({ client: new ECSClient({}), cluster });

/** By ARN: how it stopped, `missing` when ECS knows no such task. One that lives is not in it. */
export type GoneTasks = ReadonlyMap<string, StoppedTask | "missing">;

/** ECS describes no more at once. */
const BATCH = 100;

/** Which of the tasks are gone. @throws when ECS does not answer */
export async function goneTasks(
  { client, cluster }: WatchedTasks,
  arns: readonly string[],
): Promise<GoneTasks> {
  const gone = new Map<string, StoppedTask | "missing">();
  for (let i = 0; i < arns.length; i += BATCH) {
    const { tasks = [], failures = [] } = await client.send(
      new DescribeTasksCommand({ cluster, tasks: arns.slice(i, i + BATCH) }),
    );
    for (const task of tasks) {
      const stopped = parseStoppedTask(task, BUILD_CONTAINER);
      if (stopped) gone.set(stopped.task, stopped);
    }
    for (const { arn, reason } of failures) if (arn && reason === "MISSING") gone.set(arn, "missing");
  }
  return gone;
}

/** Has a task stopped; one that has ended is stopped already. @throws when ECS does not answer, or knows no such task */
export async function stopTask(
  { client, cluster }: WatchedTasks,
  task: string,
  reason: string,
): Promise<void> {
  await client.send(new StopTaskCommand({ cluster, task, reason: reason.slice(0, REASON_LENGTH_MAX) }));
}

/** ECS's limit. */
const REASON_LENGTH_MAX = 1024;
