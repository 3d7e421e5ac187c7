/**
 * Looking after the tasks that hold slots: what ECS says of them, and whether their beat goes on.
 * @module
 */
import { getAttempts } from "#adapters/dynamodb/attempts.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import type { Slot } from "#adapters/dynamodb/line.ts";
import { keepWatch, readWatches } from "#adapters/dynamodb/watches.ts";
import { type GoneTasks, goneTasks, stopTask, type WatchedTasks } from "#adapters/ecs/watch-tasks.ts";
import type { Log } from "#adapters/log.ts";
import type { Attempt } from "#core/build/attempt.ts";
import type { FinishMessage } from "#core/build/messages.ts";
import { troubleOfStop } from "#core/build/stopped-task.ts";
import type { Trouble } from "#core/build/tries.ts";
import { type AttemptLimit, look, meaningOfSuspicion, suspicion, type Watch } from "#core/build/watch.ts";

export interface WatchContext {
  readonly db: Db;
  readonly tasks: WatchedTasks;
  readonly maxAttemptMinutes: number;
  readonly clock: () => Date;
  readonly log: Log;
}

export interface Abandoned {
  readonly slot: Slot;
  readonly why: Trouble | AttemptLimit;
  /** To be stopped afterwards; null when it has stopped, or its name is not known. */
  readonly task: string | null;
}

export interface Watched {
  /** Results that are written: finish may not have heard of them. */
  readonly announce: readonly FinishMessage[];
  readonly abandon: readonly Abandoned[];
}

/** Tasks given up in one pass; more are the next pass's. */
const ABANDON_MAX = 50;

/** Looks once at each slot's task, and remembers it. @param live slots whose attempt counts */
export async function watchTasks(context: WatchContext, live: readonly Slot[]): Promise<Watched> {
  if (live.length === 0) return { announce: [], abandon: [] };
  const { db, clock } = context;
  const [before, attempts] = await Promise.all([readWatches(db), getAttempts(db, live)]);
  const gone = await whichAreGone(context, live, attempts);
  const suspects: Suspect[] = [];
  for (const slot of live) {
    const attempt = attempts.get(slot.build);
    if (!attempt || attempt.result) continue;
    const task = taskOf(slot, attempt);
    const end = task === null ? undefined : gone.get(task);
    const nowMs = clock().getTime();
    const seen = { slot: slot.slot, attempt, isMissing: end === "missing", nowMs };
    const watch = look(before.get(slot.slot) ?? null, seen);
    await keepWatch(db, watch);
    if (end !== undefined && end !== "missing") {
      const why = troubleOfStop(end, attempt.step, attempt.owner !== null);
      suspects.push({ slot, watch, why, task: null });
      continue;
    }
    const suspected = suspicion(watch, nowMs, context.maxAttemptMinutes);
    if (suspected === null) continue;
    suspects.push({
      slot,
      watch,
      why: meaningOfSuspicion(suspected, attempt, context.maxAttemptMinutes),
      task,
    });
  }
  return await lookAgain(context, live, attempts, suspects.slice(0, ABANDON_MAX));
}

interface Suspect extends Abandoned {
  readonly watch: Watch;
}

/** A task may have written its result, or its beat, between the first look and what ECS said. */
async function lookAgain(
  { db }: WatchContext,
  live: readonly Slot[],
  attempts: ReadonlyMap<number, Attempt>,
  suspects: readonly Suspect[],
): Promise<Watched> {
  const again = await getAttempts(
    db,
    suspects.map(({ slot }) => slot),
  );
  const withResult = (build: number): boolean =>
    Boolean(attempts.get(build)?.result ?? again.get(build)?.result);
  return {
    announce: live
      .filter(({ build }) => withResult(build))
      .map(({ build, attempt }) => ({ buildId: build, attempt })),
    abandon: suspects.filter(
      ({ slot, watch }) => !withResult(slot.build) && again.get(slot.build)?.beat === watch.beat,
    ),
  };
}

/** The task that the attempt depends on: its owner's ARN, which may be another than was started for it. */
function taskOf({ task }: Slot, { owner }: Attempt): string | null {
  return owner?.startsWith("arn:") ? owner : task;
}

/** When ECS does not answer nothing is known of any task; beats and limits still tell. */
async function whichAreGone(
  { tasks, log }: WatchContext,
  live: readonly Slot[],
  attempts: ReadonlyMap<number, Attempt>,
): Promise<GoneTasks> {
  const arns = live.flatMap((slot) => {
    const attempt = attempts.get(slot.build);
    return (attempt && taskOf(slot, attempt)) ?? [];
  });
  try {
    return await goneTasks(tasks, arns);
  } catch (error) {
    log.error("ECS does not say what became of its tasks", { error });
    return new Map();
  }
}

/** Has a task stopped. If that fails its build ends all the same, and the task finds out at its next beat. */
export async function stopQuietly({ tasks, log }: WatchContext, task: string, reason: string): Promise<void> {
  try {
    await stopTask(tasks, task, reason);
  } catch (error) {
    log.warn("a task could not be stopped", { task, error });
  }
}
