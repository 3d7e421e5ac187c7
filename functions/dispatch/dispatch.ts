/**
 * Filling free slots from the waiting line. Every step may be repeated or raced: slots and builds change by moves alone,
 * and ECS starts one task per attempt however often it is asked.
 * @module
 */
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { nextId } from "#adapters/dynamodb/counters.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import { type Held, leaveRing, noteTask, readHeld, readTurns, type Slot } from "#adapters/dynamodb/line.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { nextInLine, roomOf } from "#adapters/dynamodb/next-in-line.ts";
import { startTask, type Tasks } from "#adapters/ecs/start-task.ts";
import type { Log } from "#adapters/log.ts";
import { send, type WakeUpQueue } from "#adapters/sqs/queue.ts";
import type { Build } from "#core/build/build.ts";
import { nextTrySeconds } from "#core/build/next-try.ts";
import { stateOf } from "#core/build/state-machine.ts";
import { taskNameOf } from "#core/build/task-name.ts";
import { sizeFor, type TaskSizes } from "#core/build/task-size.ts";
import { BUILD_CONTAINER } from "#core/layout.ts";

export interface DispatchContext {
  readonly db: Db;
  readonly tasks: Tasks;
  readonly wakeUps: WakeUpQueue;
  /** How many builds may be at work at once. */
  readonly slots: number;
  /** How many of them the builds of one namespace may have. */
  readonly slotsPerNamespace: number;
  readonly taskSizes: TaskSizes;
  readonly clock: () => Date;
  readonly log: Log;
}

export interface Dispatched {
  readonly started: number;
  readonly putBack: number;
}

/** Of the minute that a pass has: a start that was begun may take longer. ECS starts a few tasks a second. */
const BEGIN_SECONDS = 30;

/**
 * Fills the free slots; what it has no time for is the next pass's, which it asks for.
 * @throws when the table, or the queue for a later try, does not answer
 */
export async function dispatch(context: DispatchContext): Promise<Dispatched> {
  const { db, clock, wakeUps } = context;
  const until = new Date(clock().getTime() + BEGIN_SECONDS * 1000);
  let held = await readHeld(db);
  const results = await Promise.all(
    held.slots.filter(({ task }) => task === null).map((slot) => resume(context, slot)),
  );
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    const { filled, isSettled, isOutOfTime } = await fill(context, held, until);
    results.push(...filled);
    if (isOutOfTime) await send(wakeUps, { reason: "more could start than a pass has time for" });
    if (isSettled || isOutOfTime) break;
    held = await readHeld(db);
  }
  const count = (wanted: Started): number => results.filter((result) => result === wanted).length;
  return { started: count("started"), putBack: count("putBack") };
}

type Started = "started" | "putBack" | "nothing";

/** Where others take what this one has chosen, it chooses again, so often; then they have seen what it saw. */
const ROUNDS_MAX = 5;

interface Filled {
  readonly filled: readonly Started[];
  /** Nobody else was met who took what was chosen. */
  readonly isSettled: boolean;
  readonly isOutOfTime: boolean;
}

async function fill(context: DispatchContext, held: Held, until: Date): Promise<Filled> {
  const { db, clock } = context;
  const slots = freeNumbers(
    held.slots.map(({ slot }) => slot),
    context.slots,
  );
  if (slots.length === 0) return { filled: [], isSettled: true, isOutOfTime: false };
  const ring = await readTurns(db);
  const room = roomOf(held.shares, context.slotsPerNamespace);
  const line = await nextInLine(db, ring, clock(), { slots: slots.length, room });
  const free = { slots, shares: new Map<string, number[]>() };
  const filled: Started[] = [];
  let isSettled = true;
  let isOutOfTime = false;
  for (const { build, namespace } of line) {
    isOutOfTime = clock() >= until;
    if (isOutOfTime) break;
    const own = held.shares.filter((share) => share.namespace === namespace).map(({ share }) => share);
    const shares =
      free.shares.get(namespace) ?? freeNumbers(own, context.slotsPerNamespace).slice(0, room(namespace));
    free.shares.set(namespace, shares);
    const slot = await takeSlot(context, build, free.slots, shares);
    if (slot) filled.push(await start(context, slot.build, slot.slot));
    else isSettled = false;
  }
  const gone = ring.filter(({ waiting }) => waiting === 0);
  await Promise.all(gone.map(({ namespace }) => leaveRing(db, namespace)));
  return { filled, isSettled, isOutOfTime };
}

function freeNumbers(taken: readonly number[], most: number): number[] {
  return Array.from({ length: most }, (_, i) => i + 1).filter((number) => !taken.includes(number));
}

/** Moves the build into the first of the free slots and shares that another dispatcher has not taken meanwhile. */
async function takeSlot(
  { db, clock, log }: DispatchContext,
  id: number,
  slots: number[],
  shares: number[],
): Promise<{ build: Build; slot: number } | null> {
  const turn = await nextId(db, "turn");
  for (;;) {
    const [slot, share] = [slots[0], shares[0]];
    if (slot === undefined || share === undefined) return null;
    const at = clock();
    const outcome = await makeMove(db, id, { name: "dispatch", by: "dispatch", at, slot, share, turn });
    if (outcome.won || outcome.taken.includes("slot")) slots.shift();
    if (outcome.won || outcome.taken.includes("share")) shares.shift();
    if (outcome.won) return { build: outcome.build, slot };
    log.info("not dispatched", { build: id, slot, share, why: outcome.why });
    if (outcome.taken.length === 0) return null;
  }
}

/** A slot without a task: a dispatcher died between taking it and hearing of ECS, or is just there. */
async function resume(context: DispatchContext, { slot, build: id, attempt }: Slot): Promise<Started> {
  const build = await getBuild(context.db, id);
  const open = build !== null && stateOf(build) === "starting" && build.dispatched === attempt;
  return open ? start(context, build, slot) : "nothing";
}

async function start(context: DispatchContext, build: Build, slot: number): Promise<Started> {
  const { db, tasks, wakeUps, clock, log } = context;
  const { id, dispatched: attempt, scheduledOn, requestId: request_id } = build;
  const size = sizeFor(context.taskSizes, build.memoryMiB);
  const name = taskNameOf(id, attempt);
  const outcome = await startTask(tasks, {
    name,
    // Beyond this table's life: a new table begins its ids anew, ECS remembers tokens for a day.
    token: `${name}-${Math.floor(scheduledOn.getTime() / 1000)}`,
    container: BUILD_CONTAINER,
    variables: { buildId: String(id) },
    size,
  });
  if (outcome.started) {
    await noteTask(db, { slot, build: id, attempt }, outcome.task);
    log.info("task asked for", { build: id, request_id, attempt, slot, ...size, task: outcome.task });
    return "started";
  }
  const seconds = nextTrySeconds(attempt, Math.random());
  log.warn("no task", {
    build: id,
    request_id,
    attempt,
    slot,
    because: outcome.because,
    cause: outcome.cause,
  });
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
