/**
 * Running one step: its marker, its limit, its duration, and what its failure means.
 * @module
 */
import { saveStep } from "#adapters/dynamodb/attempts.ts";
import { StreamedCommandError } from "#adapters/process/stream-command.ts";
import { AppError } from "#core/errors.ts";
import { EngineError, type RunCommand } from "#core/ports.ts";
import { diskFull } from "./disk-full.ts";
import {
  BuildFailure,
  isDiskFull,
  killedByAnother,
  outOfMemory,
  saysDiskFull,
  Undecided,
} from "./failure.ts";
import type { Stranger } from "./strangers.ts";
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
  // What a child says of a full disk is seldom how it ends: a script has an exit code.
  let saidFull = false;
  const line: StepContext["line"] = (text, stream) => {
    saidFull ||= saysDiskFull(text);
    task.log.line(name, text, stream);
  };
  const memory = memoryOf(task, name);
  const { builder, tester } = task.strangers;
  const commands = { run: runInStep(builder, memory, line), test: runInStep(tester, memory, line) };
  const marked = saveStep(task.db, task.who, name).then((held) => {
    if (!held) task.lost();
  });
  // A marker that could not be written does no harm by itself: the beat says when the table is out of reach.
  if (!guarded) marked.catch(() => {});
  try {
    if (guarded) await marked;
    signal.throwIfAborted();
    const result = await orGivenUp(work({ name, signal, line, ...commands }), signal);
    signal.throwIfAborted();
    line(`done in ${((performance.now() - startedMs) / 1000).toFixed(3)} s`);
    return result;
  } catch (error) {
    // What a child says after it was killed explains nothing: the reason for killing it does.
    if (signal.aborted) {
      const { reason } = signal;
      throw new StepError(name, reason instanceof StepLimit ? overLimit(name, limitMinutes) : reason);
    }
    const isFull = (saidFull || isDiskFull(error)) && undecidedIn(error) === null && !memory.ranOut();
    throw new StepError(name, isFull ? await diskFull(task, name, error) : explain(error, memory));
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
function explain(error: unknown, memory: StepMemory): unknown {
  const undecided = undecidedIn(error);
  if (undecided) return undecided;
  // A compiler that was killed is an exit code to whoever had called it, and may be told in any words.
  if (memory.ranOut()) return memory.tooSmall();
  if (error instanceof BuildFailure) return error;
  if (error instanceof StreamedCommandError && error.signal === "SIGKILL" && !error.killed) {
    return memory.killed();
  }
  if (error instanceof EngineError) {
    if (error.failure === "memory") return memory.killed();
    if (error.failure !== "internal") return new BuildFailure(error.message, { cause: error });
  }
  if (error instanceof AppError && error.status < 500)
    return new BuildFailure(error.message, { cause: error });
  return error;
}

/** What stops the task is also met by those who run programs for it, and told in their words. */
function undecidedIn(error: unknown): Undecided | null {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof Undecided) return at;
  return null;
}

/** What a step can say of memory, from its beginning on. */
interface StepMemory {
  /** Somebody was killed for memory since the step began. */
  ranOut(): boolean;
  tooSmall(): Undecided;
  /** What a SIGKILL that was not ours means. Where nobody counts the kernel's kills, it means memory. */
  killed(): Undecided | BuildFailure;
}

function memoryOf({ oomKills, memoryMiB }: Task, step: string): StepMemory {
  const before = oomKills();
  const ranOut = (): boolean => before !== null && (oomKills() ?? before) > before;
  const tooSmall = (): Undecided => outOfMemory(step, memoryMiB);
  return {
    ranOut,
    tooSmall,
    killed: () => (before === null || ranOut() ? tooSmall() : killedByAnother(step)),
  };
}

function runInStep(stranger: Stranger, memory: StepMemory, line: StepContext["line"]): RunCommand {
  return async (command, signal) => {
    const result = await stranger.run({ onLine: line, ...command }, signal);
    if (result.signal === "SIGKILL" && !result.killed) throw memory.killed();
    return result;
  };
}
