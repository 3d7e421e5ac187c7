/**
 * Running one step: its marker, its limit, its duration, and what its failure means.
 * @module
 */
import { saveStep } from "#adapters/dynamodb/attempts.ts";
import { runCommand } from "#adapters/process/command.ts";
import { AppError } from "#core/errors.ts";
import { EngineError, type RunCommand } from "#core/ports.ts";
import { BuildFailure, DISK_FULL, isDiskFull, outOfMemory } from "./failure.ts";
import { memoryLimitBytes } from "./memory.ts";
import type { StepContext, Task } from "./task.ts";

export interface StepOptions {
  readonly name: string;
  readonly limitMinutes: number;
  /** Others will see what it does: it begins only after the lease was found to be held. @default false */
  readonly guarded?: boolean;
}

/** Where it happened; `cause` is what happened. */
export class StepError extends Error {
  readonly step: string;

  constructor(step: string, cause: unknown) {
    super(`step ${step}`, { cause });
    this.name = "StepError";
    this.step = step;
  }
}

class StepLimit extends Error {}

/** From a step's signal to its end: a killed child's output is drained in two seconds. */
const STOPPING_MS_MAX = 5_000;

/**
 * Runs `work` as a step. On the limit, and when the task stops, the step's signal aborts, which kills its children.
 * @throws StepError whose cause is a BuildFailure where the user can act, else whatever was thrown
 */
export async function runStep<T>(
  task: Task,
  { name, limitMinutes, guarded = false }: StepOptions,
  work: (step: StepContext) => Promise<T>,
): Promise<T> {
  const startedMs = performance.now();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new StepLimit()), limitMinutes * 60_000);
  const signal = AbortSignal.any([task.signal, limit.signal]);
  const line: StepContext["line"] = (text, stream) => task.log.line(name, text, stream);
  const run = runInStep(name, line);
  const marked = saveStep(task.db, task.who, name).then((held) => {
    if (!held) task.lost();
  });
  // A marker that could not be written does no harm by itself: the beat says when the table is out of reach.
  if (!guarded) marked.catch(() => {});
  try {
    if (guarded) await marked;
    signal.throwIfAborted();
    const result = await orGivenUp(work({ name, signal, line, run }), signal);
    signal.throwIfAborted();
    line(`done in ${((performance.now() - startedMs) / 1000).toFixed(3)} s`);
    return result;
  } catch (error) {
    // What a child says after it was killed explains nothing: the reason for killing it does.
    const cause: unknown = signal.aborted ? signal.reason : error;
    throw new StepError(
      name,
      cause instanceof StepLimit ? overLimit(name, limitMinutes) : explain(cause, name),
    );
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Work that was told to stop is waited for, so that nothing goes on behind a step that has ended, but not for ever: a disk
 * that does not answer must not keep the build.
 */
async function orGivenUp<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const abort = (): void => {
    timer = setTimeout(() => reject(signal.reason), STOPPING_MS_MAX);
  };
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    signal.removeEventListener("abort", abort);
    clearTimeout(timer);
  }
}

function overLimit(name: string, limitMinutes: number): BuildFailure {
  return new BuildFailure(
    `The step "${name}" took longer than its limit of ${limitMinutes} minutes and was ended: ` +
      "make the environment smaller, or split it.",
  );
}

/** Turns what adapters throw into the user's sentence where it is one. */
function explain(error: unknown, step: string): unknown {
  if (error instanceof BuildFailure) return error;
  if (error instanceof EngineError) {
    if (error.failure === "memory") return outOfMemory(step, memoryLimitBytes());
    if (error.failure === "disk" || isDiskFull(error)) return new BuildFailure(DISK_FULL, { cause: error });
    if (error.failure !== "internal") return new BuildFailure(error.message, { cause: error });
  }
  if (error instanceof AppError && error.status < 500)
    return new BuildFailure(error.message, { cause: error });
  if (isDiskFull(error)) return new BuildFailure(DISK_FULL, { cause: error });
  return error;
}

function runInStep(name: string, line: StepContext["line"]): RunCommand {
  return async (command, signal) => {
    const result = await runCommand({ onLine: line, ...command }, signal);
    if (result.signal === "SIGKILL" && !result.killed) throw outOfMemory(name, memoryLimitBytes());
    return result;
  };
}
