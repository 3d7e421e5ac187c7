/**
 * Trying again: which ends of an attempt deserve another one, how often, and what the user reads meanwhile. Pure.
 * @module
 */
import * as v from "valibot";
import { nextTrySeconds } from "./next-try.ts";

/** Why an attempt ended without saying whether the environment can be built. */
export type TryCause = keyof typeof CAUSES;

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

export const TRY_CAUSES = Object.keys(CAUSES) as readonly TryCause[];

/** How often a build was tried in vain, by cause. */
export type Tries = Readonly<Record<TryCause, number>>;
export const NO_TRIES: Tries = { died: 0, notStarted: 0, interrupted: 0 };

/** For each cause the number of such ends that ends the build. */
export type MaxTries = Readonly<Record<TryCause, number>>;
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
    }
  | { readonly again: false; readonly reason: string };

const GIVEN_UP = "Build again; if that repeats, ask the operators.";

/**
 * Says whether a build is tried again after such an end of the attempt that counts.
 * @param build its tries so far, this one not among them, and the number of this attempt
 * @param random in [0, 1): spreads the tries of builds that were hit together
 */
export function afterTrouble(
  { tries, lastAttempt }: { readonly tries: Tries; readonly lastAttempt: number },
  { cause, what }: Trouble,
  maxTries: MaxTries,
  at: Date,
  random: number,
): Verdict {
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
  return { again: true, nextTryOn, statusInfo: `${what} ${next}` };
}

/**
 * Reads a deployment's limits; what it leaves out is as it is by default.
 * @returns null unless it is an object of whole numbers from 1
 */
export function maxTriesOf(value: unknown): MaxTries | null {
  const result = v.safeParse(MaxTriesSchema, value);
  return result.success ? result.output : null;
}
