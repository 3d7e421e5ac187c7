/**
 * Asking ECS for the task of an attempt. What ECS answers is never a proof that something runs.
 * @module
 */
import { ECSClient, ECSServiceException, RunTaskCommand } from "@aws-sdk/client-ecs";
import { taskNameOf } from "#core/build/task-name.ts";
import type { TaskSize } from "#core/build/task-size.ts";
import { BUILD_CONTAINER, VARIABLES } from "#core/layout.ts";

export interface Tasks {
  readonly client: ECSClient;
  readonly cluster: string;
  readonly taskDefinition: string;
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  /** Where there is no NAT a task without an address reaches no channel. Nothing may come in either way. */
  readonly assignsPublicIp: boolean;
}

/** Opens the cluster; the SDK's own variables say where ECS is. */
export const openTasks = (where: Omit<Tasks, "client">): Tasks => ({ ...where, client: new ECSClient({}) });

export interface TaskRequest {
  readonly build: number;
  readonly attempt: number;
  readonly size: TaskSize;
  /** Makes the name unique beyond this table's life: a new table begins its ids anew, ECS remembers tokens for a day. */
  readonly scheduledOn: Date;
}

export type StartOutcome =
  | { readonly started: true; readonly task: string }
  /** `because` is a sentence for users; `cause` is for the log. */
  | { readonly started: false; readonly because: string; readonly cause: unknown };

/**
 * Starts the task of an attempt. Asked again for the same attempt, ECS answers with the same task (its idempotency
 * token), so a caller that does not know whether it asked may ask.
 */
export async function startTask(
  tasks: Tasks,
  { build, attempt, size, scheduledOn }: TaskRequest,
): Promise<StartOutcome> {
  const name = taskNameOf(build, attempt);
  try {
    const { tasks: started = [], failures = [] } = await tasks.client.send(
      new RunTaskCommand({
        cluster: tasks.cluster,
        taskDefinition: tasks.taskDefinition,
        count: 1,
        launchType: "FARGATE",
        clientToken: `${name}-${Math.floor(scheduledOn.getTime() / 1000)}`,
        startedBy: name,
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: [...tasks.subnets],
            securityGroups: [...tasks.securityGroups],
            assignPublicIp: tasks.assignsPublicIp ? "ENABLED" : "DISABLED",
          },
        },
        overrides: {
          cpu: String(size.cpuUnits),
          memory: String(size.memoryMiB),
          containerOverrides: [
            { name: BUILD_CONTAINER, environment: [{ name: VARIABLES.buildId, value: String(build) }] },
          ],
        },
      }),
    );
    const task = started[0]?.taskArn;
    if (task !== undefined) return { started: true, task };
    const reasons = failures.map(({ reason, detail }) => detail ?? reason ?? "no reason given");
    const why = reasons.length > 0 ? reasons.join("; ") : "no reason given";
    return { started: false, because: `ECS has no place for the task: ${sentence(why)}`, cause: failures };
  } catch (error) {
    // The exception's message may name accounts and roles: for the log, not for users.
    const because =
      error instanceof ECSServiceException
        ? `ECS refused the task (${error.name}).`
        : "ECS could not be reached.";
    return { started: false, because, cause: error };
  }
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
