/**
 * Filling free slots from the waiting line. Every step may be repeated or raced: slots and builds change by moves alone,
 * and ECS starts one task per attempt however often it is asked.
 * @module
 */
import { getBuild } from "#adapters/dynamodb/builds.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import { noteTask, type Slot, slots, waitingDue } from "#adapters/dynamodb/line.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { startTask, type Tasks } from "#adapters/ecs/start-task.ts";
import type { Log } from "#adapters/log.ts";
import { send, type WakeUpQueue } from "#adapters/sqs/queue.ts";
import type { Build } from "#core/build/build.ts";
import { nextTrySeconds } from "#core/build/next-try.ts";
import { stateOf } from "#core/build/state-machine.ts";

export interface DispatchContext {
  readonly db: Db;
  readonly tasks: Tasks;
  readonly wakeUps: WakeUpQueue;
  /** How many builds may be at work at once. */
  readonly slots: number;
  readonly clock: () => Date;
  readonly log: Log;
}

export interface Dispatched {
  readonly started: number;
  readonly putBack: number;
}

/** Fills the free slots. @throws when the table, or the queue for a later try, does not answer */
export async function dispatch(context: DispatchContext): Promise<Dispatched> {
  const { db } = context;
  const held = await slots(db);
  const results = await Promise.all(
    held.filter(({ task }) => task === null).map((slot) => resume(context, slot)),
  );
  const free = freeSlots(held, context.slots);
  const line = free.length > 0 ? await waitingDue(db, context.clock(), free.length) : [];
  for (const { build } of line) {
    const slot = await takeSlot(context, build, free);
    if (slot) results.push(await start(context, slot.build, slot.slot));
  }
  const count = (wanted: Started): number => results.filter((result) => result === wanted).length;
  return { started: count("started"), putBack: count("putBack") };
}

type Started = "started" | "putBack" | "nothing";

function freeSlots(held: readonly Slot[], slots: number): number[] {
  const taken = new Set(held.map(({ slot }) => slot));
  return Array.from({ length: slots }, (_, i) => i + 1).filter((slot) => !taken.has(slot));
}

/** Moves the build into the first of the free slots that another dispatcher has not taken meanwhile. */
async function takeSlot(
  { db, clock, log }: DispatchContext,
  id: number,
  free: number[],
): Promise<{ build: Build; slot: number } | null> {
  for (let slot = free.shift(); slot !== undefined; slot = free.shift()) {
    const outcome = await makeMove(db, id, { name: "dispatch", by: "dispatch", at: clock(), slot });
    if (outcome.won) return { build: outcome.build, slot };
    log.info("not dispatched", { build: id, slot, why: outcome.why });
    if (outcome.found === null || stateOf(outcome.found) !== "waiting") {
      free.unshift(slot);
      return null;
    }
  }
  return null;
}

/** A slot without a task: a dispatcher died between taking it and hearing of ECS, or is just there. */
async function resume(context: DispatchContext, { slot, build: id, attempt }: Slot): Promise<Started> {
  const build = await getBuild(context.db, id);
  const open = build !== null && stateOf(build) === "starting" && build.dispatched === attempt;
  return open ? start(context, build, slot) : "nothing";
}

async function start(context: DispatchContext, build: Build, slot: number): Promise<Started> {
  const { db, tasks, wakeUps, clock, log } = context;
  const { id, dispatched: attempt, scheduledOn } = build;
  const outcome = await startTask(tasks, { build: id, attempt, scheduledOn });
  if (outcome.started) {
    await noteTask(db, { slot, build: id, attempt }, outcome.task);
    log.info("task asked for", { build: id, attempt, slot, task: outcome.task });
    return "started";
  }
  const seconds = nextTrySeconds(attempt, Math.random());
  log.warn("no task", { build: id, attempt, slot, because: outcome.because, cause: outcome.cause });
  const at = clock();
  const moved = await makeMove(db, id, {
    name: "putBack",
    by: "dispatch",
    at,
    attempt,
    because: outcome.because,
    nextTryOn: new Date(at.getTime() + seconds * 1000),
  });
  // Only who put it back asks for the next try, so wake-ups do not multiply. A lost one is sweep's to notice.
  if (moved.won) await send(wakeUps, { reason: `next try of build ${id}` }, seconds + 1);
  return moved.won ? "putBack" : "nothing";
}
