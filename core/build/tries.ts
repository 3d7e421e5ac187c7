/**
 * Trying again: which ends of an attempt deserve another one, how often, and what the user reads meanwhile. Pure.
 * @module
 */
import * as v from "valibot";
import { nextTrySeconds } from "./next-try.ts";
import { describeMiB, largerThan, sizeFor, type TaskSizes } from "./task-size.ts";

/** Causes that a deployment limits by count; for want of memory there are as many tries as sizes of tasks. */
type CountedCause = keyof typeof CAUSES;
/** Why an attempt ended without saying whether the environment can be built. */
export type TryCause = CountedCause | "memory";

interface Cause {
  /** Such ends after which the build is given up, unless the deployment says otherwise. */
  readonly most: number;
  /** Seconds before the first try again; they double with each. 0: at once. */
  readonly firstSeconds: number;
  readonly says: string;
}

const CAUSES = {
  died: { most: 3, firstSeconds: 5, says: "tasks that died" },
  notStarted: { most: 3, firstSeconds: 15, says: "tasks that ECS could not start" },
  // Nobody's fault, and likely to go on for a while where spare capacity is short: a bound, not a limit to be met.
  interrupted: { most: 10, firstSeconds: 0, says: "tasks that were told to stop" },
} as const satisfies Record<string, Cause>;

export const COUNTED_CAUSES = Object.keys(CAUSES) as readonly CountedCause[];
export const TRY_CAUSES: readonly TryCause[] = [...COUNTED_CAUSES, "memory"];

/** How often a build was tried in vain, by cause. */
export type Tries = Readonly<Record<TryCause, number>>;
export const NO_TRIES: Tries = { died: 0, notStarted: 0, interrupted: 0, memory: 0 };

/** For each cause the number of such ends that ends the build. */
export type MaxTries = Readonly<Record<CountedCause, number>>;
export const MAX_TRIES: MaxTries = {
  died: CAUSES.died.most,
  notStarted: CAUSES.notStarted.most,
  interrupted: CAUSES.interrupted.most,
};

/** An attempt that ended without a verdict: why, and what happened, as sentences without advice. */
export interface Trouble {
  readonly cause: TryCause;
  readonly what: string;
}

const most = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const MaxTriesSchema = v.strictObject({
  died: v.optional(most, MAX_TRIES.died),
  notStarted: v.optional(most, MAX_TRIES.notStarted),
  interrupted: v.optional(most, MAX_TRIES.interrupted),
});

export type Verdict =
  | {
      readonly again: true;
      /** Not to be tried before. */
      readonly nextTryOn: Date;
      readonly statusInfo: string;
      /** Memory that its tasks shall have at least. */
      readonly memoryMiB: number;
    }
  | { readonly again: false; readonly reason: string };

const GIVEN_UP = "Build again; if that repeats, ask the operators.";

/** What a deployment grants a build. */
export interface TryPolicy {
  readonly maxTries: MaxTries;
  readonly taskSizes: TaskSizes;
}

/** The build as it was with the attempt that ended: that one is not among its tries yet. */
export interface Tried {
  readonly tries: Tries;
  /** Number of that attempt. */
  readonly lastAttempt: number;
  readonly memoryMiB: number;
}

/**
 * Says whether a build is tried again after such an end of the attempt that counts.
 * @param random in [0, 1): spreads the tries of builds that were hit together
 */
export function afterTrouble(
  build: Tried,
  { cause, what }: Trouble,
  { maxTries, taskSizes }: TryPolicy,
  at: Date,
  random: number,
): Verdict {
  if (cause === "memory") return afterMemory(build, what, taskSizes, at);
  const { tries, lastAttempt, memoryMiB } = build;
  const count = tries[cause] + 1;
  const most = maxTries[cause];
  const { firstSeconds, says } = CAUSES[cause];
  if (count >= most) {
    const limit = `This was the last of ${most} tries: the limit for ${says} (maxTries.${cause}).`;
    return { again: false, reason: `${what} ${limit} ${GIVEN_UP}` };
  }
  const seconds = firstSeconds === 0 ? 0 : nextTrySeconds(count, random, firstSeconds);
  const nextTryOn = new Date(at.getTime() + seconds * 1000);
  const when = seconds === 0 ? "follows at once" : `follows at ${nextTryOn.toISOString().slice(0, 19)}Z`;
  const next = `Attempt ${lastAttempt + 1} ${when}; try ${count + 1} of ${most}.`;
  return { again: true, nextTryOn, statusInfo: `${what} ${next}`, memoryMiB };
}

/** The same task would end the same way. */
function afterMemory({ lastAttempt, memoryMiB }: Tried, what: string, sizes: TaskSizes, at: Date): Verdict {
  const had = sizeFor(sizes, memoryMiB);
  const larger = largerThan(sizes, had);
  if (larger === null) {
    const limit = `There is no larger task than this one with ${describeMiB(had.memoryMiB)} (taskSizes)`;
    return {
      again: false,
      reason: `${what} ${limit}: make the environment smaller, or ask the operators for larger tasks.`,
    };
  }
  const sizesSaid = `${describeMiB(larger.memoryMiB)} instead of ${describeMiB(had.memoryMiB)}`;
  const statusInfo = `${what} Attempt ${lastAttempt + 1} follows at once with ${sizesSaid}.`;
  return { again: true, nextTryOn: at, statusInfo, memoryMiB: larger.memoryMiB };
}

/**
 * Reads a deployment's limits; what it leaves out is as it is by default.
 * @returns null unless it is an object of whole numbers from 1
 */
export function maxTriesOf(value: unknown): MaxTries | null {
  const result = v.safeParse(MaxTriesSchema, value);
  return result.success ? result.output : null;
}
