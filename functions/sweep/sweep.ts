/**
 * Finding what nobody reported: a wake-up that was lost, a slot that nobody gave back, a task that died without a word, a
 * limit that was reached. Every pass looks at the slots and at the head of the line, never at the whole table, and may be
 * repeated or raced: it changes things by the same conditional moves as everybody else.
 * @module
 */
import { getBuilds } from "#adapters/dynamodb/builds.ts";
import { freeShare, freeSlot, readHeld, readTurns, type Share, type Slot } from "#adapters/dynamodb/line.ts";
import { nextInLine, roomOf, waiting } from "#adapters/dynamodb/next-in-line.ts";
import { type FinishQueue, send } from "#adapters/sqs/queue.ts";
import type { Build } from "#core/build/build.ts";
import { type BuildState, stateOf } from "#core/build/state-machine.ts";
import { reasonOfQueue } from "#core/build/watch.ts";
import { endAttempt, failBuild, type GiveUpContext, giveUp } from "../finish/give-up.ts";
import { type Abandoned, stopQuietly, type WatchContext, watchTasks } from "./watch-tasks.ts";

export interface SweepContext extends GiveUpContext, WatchContext {
  /** Where a task's word that was lost is said again. */
  readonly ends: FinishQueue;
  /** How many builds may be at work at once. */
  readonly slots: number;
  /** How many of them the builds of one namespace may have. */
  readonly slotsPerNamespace: number;
  readonly maxQueueHours: number;
}

export interface Swept {
  /** Slots freed whose attempt no longer counted. */
  readonly freed: number;
  /** Results announced to finish again. */
  readonly announced: number;
  /** Builds put back into the line for another try. */
  readonly retried: number;
  /** Builds ended. */
  readonly ended: number;
  readonly woke: boolean;
  /** Slots whose attempt counts, as the pass found them. */
  readonly slotsTaken: number;
  /** Builds that still wait. */
  readonly waiting: number;
  /** Of the build that waits longest; 0 when none does. */
  readonly oldestWaitSeconds: number;
}

/** Builds of the line's head that one pass looks at, oldest first: more are the next pass's. */
const OLDEST = 50;

/** One pass. @throws when the table or a queue does not answer; the next pass makes it good */
export async function sweep(context: SweepContext): Promise<Swept> {
  const { db, log } = context;
  const held = await readHeld(db);
  const builds = await getBuilds(db, [...new Set([...held.slots, ...held.shares].map(({ build }) => build))]);
  const counts = ({ build, attempt }: { build: number; attempt: number }): boolean =>
    builds.get(build)?.dispatched === attempt;
  const live = held.slots.filter(counts);
  const freed = await freeAll(
    context,
    held.slots.filter((slot) => !counts(slot)),
    held.shares.filter((share) => !counts(share)),
  );
  const { announce, abandon } = await watchTasks(context, live);
  for (const message of announce) await send(context.ends, message);
  const isOver = (build: Build | undefined) => build !== undefined && waitsTooLong(context, build);
  let [retried, ended] = [0, 0];
  for (const each of abandon) {
    const build = builds.get(each.slot.build);
    const left = build ? await abandonTask(context, build, each) : null;
    if (left === "waiting") retried += 1;
    if (left === "failed") ended += 1;
    log.warn("a task given up", { ...each.slot, ...each.why, left });
  }
  // A task that was asked for long ago and never began: ECS has no place for it and does not say so.
  const abandoned = new Set(abandon.map(({ slot }) => slot.build));
  const never = live.filter(({ build }) => !abandoned.has(build) && isOver(builds.get(build)));
  for (const { build: id, attempt, task } of never) {
    const reason = reasonOfQueue(context.maxQueueHours, builds.get(id)?.statusInfo ?? null);
    if ((await failBuild(context, "sweep", id, { attempt, reason, artifacts: [] })).won) ended += 1;
    if (task !== null) await stopQuietly(context, task, reason);
  }
  const line = await endOverdue(context);
  ended += line.ended;
  const stuck = live.some(({ build, task }) => task === null && isStarting(builds.get(build)));
  const woke = await wakeIfUseful(context, stuck || freed + retried + ended > 0);
  const { waiting, oldestWaitSeconds } = line;
  const slotsTaken = live.length;
  return { freed, announced: announce.length, retried, ended, woke, slotsTaken, waiting, oldestWaitSeconds };
}

/**
 * Ends the attempt, and only then has its task stopped: a task that is told to stop would give its build back.
 * @returns the state that the build is left in; null when somebody else had ended the attempt
 */
async function abandonTask(
  context: SweepContext,
  build: Build,
  { slot, why, task }: Abandoned,
): Promise<BuildState | null> {
  const outcome =
    why.cause === "limit"
      ? await giveUp(context, "sweep", build.id, slot.attempt, why.what)
      : await endAttempt(context, "sweep", build, slot.attempt, why);
  if (task !== null) await stopQuietly(context, task, why.what);
  return outcome.won ? stateOf(outcome.build) : null;
}

const isStarting = (build: Build | undefined): boolean =>
  build !== undefined && stateOf(build) === "starting";

/** Two clocks are compared here, the API's and this one: what they differ by is nothing to hours. */
function waitsTooLong({ clock, maxQueueHours }: SweepContext, build: Build): boolean {
  return (
    build.status === "QUEUED" && clock().getTime() - build.waitingSince.getTime() >= maxQueueHours * 3_600_000
  );
}

async function freeAll(
  { db, log }: SweepContext,
  slots: readonly Slot[],
  shares: readonly Share[],
): Promise<number> {
  let freed = 0;
  for (const slot of slots) {
    if (!(await freeSlot(db, slot))) continue;
    freed += 1;
    log.warn("a slot of an attempt that no longer counts is freed", { ...slot });
  }
  for (const share of shares) {
    if (!(await freeShare(db, share))) continue;
    freed += 1;
    log.warn("a share of an attempt that no longer counts is freed", { ...share });
  }
  return freed;
}

/** Each line is in the order of posting, so the builds that wait longest stand first. */
async function endOverdue(
  context: SweepContext,
): Promise<Pick<Swept, "ended" | "waiting" | "oldestWaitSeconds">> {
  const minute = Math.floor(context.clock().getTime() / 60_000);
  const { oldest, count } = await waiting(context.db, OLDEST, minute);
  const builds = await getBuilds(
    context.db,
    oldest.map(({ build }) => build),
  );
  let ended = 0;
  let oldestWaitSeconds = 0;
  for (const build of builds.values()) {
    if (!waitsTooLong(context, build)) {
      const waitMs = context.clock().getTime() - build.waitingSince.getTime();
      oldestWaitSeconds = Math.max(oldestWaitSeconds, Math.round(waitMs / 1000));
      continue;
    }
    const reason = reasonOfQueue(context.maxQueueHours, build.statusInfo);
    const outcome = await failBuild(context, "sweep", build.id, { attempt: 0, reason, artifacts: [] });
    if (outcome.won) ended += 1;
    context.log.warn("a build waited too long", { build: build.id, ended: outcome.won });
  }
  return { ended, waiting: count - ended, oldestWaitSeconds };
}

/** One wake-up, however many builds wait: dispatch looks for itself. */
async function wakeIfUseful(context: SweepContext, needed: boolean): Promise<boolean> {
  const { wakeUps } = context;
  if (!needed && !(await couldStart(context))) return false;
  await send(wakeUps, { reason: "sweep found work" });
  return true;
}

async function couldStart({ db, clock, ...most }: SweepContext): Promise<boolean> {
  const held = await readHeld(db);
  if (held.slots.length >= most.slots) return false;
  const room = roomOf(held.shares, most.slotsPerNamespace);
  return (await nextInLine(db, await readTurns(db), clock(), { slots: 1, room })).length > 0;
}
