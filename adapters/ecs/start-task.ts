/**
 * Asking ECS for a task. What ECS answers is never a proof that something runs.
 * @module
 */
import { ECSClient, ECSServiceException, RunTaskCommand } from "@aws-sdk/client-ecs";
import type { TaskSize } from "#core/build/task-size.ts";
import { variables as named, type VariableValues } from "#core/layout.ts";

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
  /** What ECS shows as the one who started it. */
  readonly name: string;
  /** Asked again with the same one, ECS answers with the same task. At most 64 characters. */
  readonly token: string;
  readonly container: string;
  /** What the task is told beside its definition's. */
  readonly variables: VariableValues;
  /** @default - the definition's */
  readonly size?: TaskSize;
}

export type StartOutcome =
  | { readonly started: true; readonly task: string }
  /** `because` is a sentence for users; `cause` is for the log. */
  | { readonly started: false; readonly because: string; readonly cause: unknown };

/** Starts a task. A caller that does not know whether it asked may ask again, by the same token. */
export async function startTask(
  tasks: Tasks,
  { name, token, container, variables, size }: TaskRequest,
): Promise<StartOutcome> {
  const environment = Object.entries(named(variables)).map(([variable, value]) => ({
    name: variable,
    value,
  }));
  try {
    const { tasks: started = [], failures = [] } = await tasks.client.send(
      new RunTaskCommand({
        cluster: tasks.cluster,
        taskDefinition: tasks.taskDefinition,
        count: 1,
        launchType: "FARGATE",
        clientToken: token,
        startedBy: name,
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: [...tasks.subnets],
            securityGroups: [...tasks.securityGroups],
            assignPublicIp: tasks.assignsPublicIp ? "ENABLED" : "DISABLED",
          },
        },
        overrides: {
          ...(size && { cpu: String(size.cpuUnits), memory: String(size.memoryMiB) }),
          containerOverrides: [{ name: container, environment }],
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
