/**
 * The tasks of the local stack: asked for, running, ended. Every change of status is sent as ECS's own event.
 * @module
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunTaskCommandInput, TaskDefinition } from "@aws-sdk/client-ecs";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { AwsConfig } from "../aws-config.ts";
import { launch, type Machine, type RunningTask, removeTree } from "./launch.ts";
import { isoTime, newTask, type Task, taskIdOf, wireTask } from "./task.ts";
import { orderOf } from "./task-definition.ts";

/** Stopped tasks that DescribeTasks still knows; ECS keeps them for an hour. */
const STOPPED_MAX = 100;
/** ECS's own words. */
const OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage";
const NO_WORD = "The machine or the local stack ended without a word";

export interface TasksOptions {
  readonly machine: Machine;
  readonly aws: AwsConfig;
  /** Address of the task metadata of this endpoint, without the task's id. */
  readonly metadataAddress: string;
  /** Directory of the tasks' output. */
  readonly logsDirectory: string;
  readonly log: (line: string) => void;
}

interface Entry {
  task: Task;
  running?: RunningTask;
  ended: Promise<void>;
}

export class Tasks {
  readonly #options: TasksOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #byToken = new Map<string, { readonly arn: string; readonly request: string }>();
  readonly #events: EventBridgeClient;
  #closing = false;

  constructor(options: TasksOptions) {
    this.#options = options;
    this.#events = new EventBridgeClient(options.aws);
    mkdirSync(options.machine.tasksDirectory, { recursive: true });
    mkdirSync(options.logsDirectory, { recursive: true });
  }

  /**
   * Answers at once with a PROVISIONING task, as ECS does. The same `clientToken` answers the same task.
   * @returns null when the token was used with another request
   */
  run(request: RunTaskCommandInput, definition: TaskDefinition): Task | null {
    const { clientToken, ...rest } = request;
    const asked = JSON.stringify(rest);
    const earlier = clientToken === undefined ? undefined : this.#byToken.get(clientToken);
    if (earlier) return earlier.request === asked ? (this.find(earlier.arn) ?? null) : null;

    const task = newTask(request, definition);
    if (clientToken !== undefined) this.#byToken.set(clientToken, { arn: task.taskArn, request: asked });
    const entry: Entry = { task, ended: Promise.resolve() };
    this.#entries.set(task.taskArn, entry);
    entry.ended = this.#live(entry, definition);
    return task;
  }

  find(arnOrId: string): Task | undefined {
    const id = taskIdOf(arnOrId);
    return [...this.#entries.values()].find(({ task }) => taskIdOf(task.taskArn) === id)?.task;
  }

  list(): Task[] {
    return [...this.#entries.values()].map(({ task }) => task);
  }

  /** SIGTERM, and SIGKILL half a minute later. */
  stop(arn: string, reason: string): Task | undefined {
    const task = this.find(arn);
    const entry = task && this.#entries.get(task.taskArn);
    if (!entry) return undefined;
    if (entry.task.lastStatus !== "STOPPED") {
      entry.task = {
        ...entry.task,
        desiredStatus: "STOPPED",
        stopCode: "UserInitiated",
        stoppedReason: reason,
      };
      entry.running?.stop();
    }
    return entry.task;
  }

  /** Resolves when every task that was asked for so far has ended and its end has been reported. */
  async settled(): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ ended }) => ended));
  }

  /** Ends every task and waits until each end has been reported. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const { task } of this.#entries.values()) this.stop(task.taskArn, "The local stack is stopping");
    await this.settled();
  }

  /** Reports the end of tasks that a killed local stack left behind, as ECS would of a lost host. */
  async reportLost(): Promise<number> {
    const { tasksDirectory } = this.#options.machine;
    let count = 0;
    for (const id of readdirSync(tasksDirectory)) {
      const note = join(tasksDirectory, id, "task.json");
      if (existsSync(note)) {
        const task = revive(readFileSync(note, "utf8"));
        if (task) {
          await this.#report(stopped(task, { stopCode: "TerminationNotice", stoppedReason: NO_WORD }));
          count += 1;
        }
      }
      removeTree(join(tasksDirectory, id));
    }
    return count;
  }

  async #live(entry: Entry, definition: TaskDefinition): Promise<void> {
    const { machine, metadataAddress, logsDirectory, log } = this.#options;
    const id = taskIdOf(entry.task.taskArn);
    const home = join(machine.tasksDirectory, id);
    try {
      mkdirSync(home, { recursive: true });
      writeFileSync(join(home, "task.json"), JSON.stringify(entry.task));
      const order = orderOf(definition, entry.task.overrides);
      const added = { ECS_CONTAINER_METADATA_URI_V4: `${metadataAddress}/${id}` };
      const output = join(logsDirectory, `${entry.task.startedBy ?? id}.log`);
      const running = await launch(machine, id, order, added, output);
      entry.running = running;
      if (entry.task.desiredStatus === "STOPPED") running.stop();
      entry.task = { ...entry.task, lastStatus: "RUNNING", startedAt: new Date(), version: 2 };
      log(`task ${entry.task.startedBy ?? id} started (process ${running.pid})`);
      await this.#report(entry.task);
      const { exitCode, outOfMemory } = await running.ended;
      entry.task = stopped(entry.task, {
        exitCode,
        stopCode: "EssentialContainerExited",
        stoppedReason: "Essential container in task exited",
        ...(outOfMemory ? { containerReason: OUT_OF_MEMORY } : {}),
      });
      log(`task ${entry.task.startedBy ?? id} ended with exit code ${exitCode}`);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      entry.task = stopped(entry.task, { stopCode: "TaskFailedToStart", stoppedReason: text });
      rmSync(home, { recursive: true, force: true });
      log(`task ${id} could not be started: ${text}`);
    }
    await this.#report(entry.task);
    this.#forgetOld();
  }

  async #report(task: Task): Promise<void> {
    const entry = {
      Source: "aws.ecs",
      DetailType: "ECS Task State Change",
      Resources: [task.taskArn],
      Detail: JSON.stringify({ ...wireTask(task, isoTime), updatedAt: new Date().toISOString() }),
    };
    try {
      const { FailedEntryCount, Entries } = await this.#events.send(
        new PutEventsCommand({ Entries: [entry] }),
      );
      if (FailedEntryCount) throw new Error(Entries?.[0]?.ErrorMessage ?? "refused");
    } catch (error) {
      if (this.#closing) return;
      const text = error instanceof Error ? error.message : String(error);
      this.#options.log(`the end of ${task.startedBy ?? task.taskArn} could not be reported: ${text}`);
    }
  }

  #forgetOld(): void {
    const old = this.list().filter(({ lastStatus }) => lastStatus === "STOPPED");
    for (const { taskArn } of old.slice(0, Math.max(0, old.length - STOPPED_MAX)))
      this.#entries.delete(taskArn);
  }
}

/** A reason that was given before, by StopTask, stays. */
function stopped(
  task: Task,
  end: Pick<Task, "exitCode" | "containerReason"> & { stopCode: string; stoppedReason: string },
): Task {
  const { stopCode = end.stopCode, stoppedReason = end.stoppedReason } = task;
  return {
    ...task,
    ...end,
    stopCode,
    stoppedReason,
    lastStatus: "STOPPED",
    desiredStatus: "STOPPED",
    stoppedAt: new Date(),
    version: task.version + 1,
  };
}

/** @returns null for a note that was being written when its writer was killed: the task had not been started yet */
function revive(text: string): Task | null {
  try {
    const task = JSON.parse(text) as Task;
    return { ...task, createdAt: new Date(task.createdAt) };
  } catch {
    return null;
  }
}
