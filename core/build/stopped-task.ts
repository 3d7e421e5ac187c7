/**
 * A task that stopped: ECS's event, and what it means for the attempt.
 * @module
 */
import * as v from "valibot";
import { parseTaskName } from "./task-name.ts";
import type { Trouble, TryCause } from "./tries.ts";

/** The part of an "ECS Task State Change" event that matters. */
export interface StoppedTask {
  readonly build: number;
  readonly attempt: number;
  /** The task's ARN. */
  readonly task: string;
  /** `EssentialContainerExited`, `TaskFailedToStart`, … */
  readonly stopCode: string | null;
  readonly stoppedReason: string | null;
  readonly exitCode: number | null;
  /** What ECS says of the container, `OutOfMemoryError: …` for instance. */
  readonly containerReason: string | null;
}

const text = v.nullish(v.string(), null);
const Detail = v.object({
  taskArn: v.string(),
  lastStatus: v.literal("STOPPED"),
  startedBy: v.string(),
  stopCode: text,
  stoppedReason: text,
  containers: v.optional(
    v.array(v.object({ name: v.string(), exitCode: v.nullish(v.number(), null), reason: text })),
    [],
  ),
});

/**
 * Reads an event's `detail`.
 * @param container the name of the container that builds
 * @returns null if no task of ours has stopped
 */
export function parseStoppedTask(detail: unknown, container: string): StoppedTask | null {
  const result = v.safeParse(Detail, detail);
  if (!result.success) return null;
  const { taskArn, startedBy, stopCode, stoppedReason, containers } = result.output;
  const name = parseTaskName(startedBy);
  if (!name) return null;
  const ours = containers.find((each) => each.name === container);
  return {
    ...name,
    task: taskArn,
    stopCode,
    stoppedReason,
    exitCode: ours?.exitCode ?? null,
    containerReason: ours?.reason ?? null,
  };
}

/** Signals that end processes, by number. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  15: "SIGTERM",
};

/** ECS ended it: spare capacity was wanted back, the host is retired, or somebody asked. */
const TOLD_TO_STOP: readonly (string | null)[] = ["SpotInterruption", "TerminationNotice", "UserInitiated"];

/**
 * What the stop of a task without a result means.
 * @param step the step that the attempt had reported last
 * @param claimed whether the task had begun at all
 */
export function troubleOfStop(stopped: StoppedTask, step: string | null, claimed: boolean): Trouble {
  const said = [stopped.stoppedReason, stopped.containerReason].filter(
    (part) => part !== null && part !== "",
  );
  const ecs = said.length > 0 ? ` ECS says: ${closed([...new Set(said)].join("; "))}` : "";
  const { attempt, stopCode } = stopped;
  const told = TOLD_TO_STOP.includes(stopCode);
  const cause = causeOf(stopped, claimed);
  if (!claimed) {
    return { cause, what: `The task of attempt ${attempt} stopped before it began${codeOf(stopped)}.${ecs}` };
  }
  const where = step === null ? "before its first step" : `in step ${step}`;
  const how = told ? "was stopped" : "died";
  return { cause, what: `The task of attempt ${attempt} ${how} ${where}${codeOf(stopped)}.${ecs}` };
}

function causeOf({ stopCode, containerReason }: StoppedTask, claimed: boolean): TryCause {
  if (!claimed && stopCode === "TaskFailedToStart") return "notStarted";
  if (containerReason?.startsWith("OutOfMemoryError")) return "memory";
  return TOLD_TO_STOP.includes(stopCode) ? "interrupted" : "died";
}

function codeOf({ exitCode }: StoppedTask): string {
  if (exitCode === null) return "";
  const signal = SIGNALS[exitCode - 128];
  return signal ? `, killed by ${signal} (exit code ${exitCode})` : `, exit code ${exitCode}`;
}

const closed = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
