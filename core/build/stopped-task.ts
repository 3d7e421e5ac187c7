/**
 * A task that stopped: ECS's event, and what to tell the user about it.
 * @module
 */
import * as v from "valibot";
import { parseTaskName } from "./task-name.ts";

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

/**
 * Why a build failed whose task stopped without a result.
 * @param step the step that the attempt had reported last
 * @param claimed whether the task had begun at all
 */
export function reasonOfStop(stopped: StoppedTask, step: string | null, claimed: boolean): string {
  const said = [stopped.stoppedReason, stopped.containerReason].filter(
    (part) => part !== null && part !== "",
  );
  const ecs = said.length > 0 ? ` ECS says: ${closed([...new Set(said)].join("; "))}` : "";
  if (!claimed) {
    return `The task of attempt ${stopped.attempt} stopped before it began${codeOf(stopped)}.${ecs} ${AGAIN}`;
  }
  const where = step === null ? "before its first step" : `in step ${step}`;
  return `The task of attempt ${stopped.attempt} died ${where}${codeOf(stopped)}.${ecs} ${adviceFor(stopped)}`;
}

const AGAIN = "Build again; if that repeats, ask the operators.";

function codeOf({ exitCode }: StoppedTask): string {
  if (exitCode === null) return "";
  const signal = SIGNALS[exitCode - 128];
  return signal ? `, killed by ${signal} (exit code ${exitCode})` : `, exit code ${exitCode}`;
}

function adviceFor({ exitCode, containerReason }: StoppedTask): string {
  if (containerReason?.includes("OutOfMemory")) {
    return "It ran out of memory: ask for fewer or smaller packages, or the operators for larger tasks.";
  }
  if (exitCode === 137) return `A likely cause is that memory ran out. ${AGAIN}`;
  return AGAIN;
}

const closed = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
