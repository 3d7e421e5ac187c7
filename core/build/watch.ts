/**
 * Watching tasks from outside: what sweep remembers of each slot's task from look to look, and when it has seen enough.
 * Every time here is sweep's own; a task's beat is only ever compared with itself.
 * @module
 */
import type { Attempt } from "./attempt.ts";
import { DEAD_AFTER_SECONDS, leaseLooksDead } from "./lease.ts";
import type { Trouble } from "./tries.ts";

export interface Watch {
  readonly slot: number;
  readonly build: number;
  readonly attempt: number;
  /** The beat seen last, and since when it has been that. */
  readonly beat: number;
  readonly beatSinceMs: number;
  /** Since when the attempt is known to be claimed; null before. */
  readonly claimedSinceMs: number | null;
  /** Since when ECS has known no such task; null while it does. */
  readonly missingSinceMs: number | null;
}

/** What one look saw. */
export interface Look {
  readonly slot: number;
  readonly attempt: Attempt;
  /** ECS was asked and knows no such task. */
  readonly isMissing: boolean;
  readonly nowMs: number;
}

/** Adds a look to what was known; what was known of another attempt in the same slot is forgotten. */
export function look(before: Watch | null, { slot, attempt, isMissing, nowMs }: Look): Watch {
  const { build, attempt: n, beat, owner } = attempt;
  const known = before?.build === build && before.attempt === n ? before : null;
  return {
    slot,
    build,
    attempt: n,
    beat,
    // A claim is a sign of life like a beat.
    beatSinceMs:
      known?.beat === beat && (known.claimedSinceMs !== null || owner === null) ? known.beatSinceMs : nowMs,
    claimedSinceMs: owner === null ? null : (known?.claimedSinceMs ?? nowMs),
    missingSinceMs: isMissing ? (known?.missingSinceMs ?? nowMs) : null,
  };
}

/** A task that ends by its own limit needs some time for its last words. */
export const GRACE_MINUTES = 5;

/** Why a task must be given up, or null. @param nowMs the clock that the watch was made with */
export function suspicion(
  { beat, beatSinceMs, claimedSinceMs, missingSinceMs }: Watch,
  nowMs: number,
  maxAttemptMinutes: number,
): "missing" | "silent" | "too long" | null {
  if (missingSinceMs !== null && nowMs - missingSinceMs >= DEAD_AFTER_SECONDS * 1000) return "missing";
  if (claimedSinceMs === null) return null;
  const seen = [
    { beat, seenMs: beatSinceMs },
    { beat, seenMs: nowMs },
  ];
  if (leaseLooksDead(seen, nowMs)) return "silent";
  return nowMs - claimedSinceMs >= (maxAttemptMinutes + GRACE_MINUTES) * 60_000 ? "too long" : null;
}

/**
 * What follows for the attempt: a trouble, after which the build may be tried again, or a limit, which ends it.
 * @param attempt the record of the attempt that is given up
 */
export function meaningOfSuspicion(
  why: "missing" | "silent" | "too long",
  { attempt, step, owner }: Pick<Attempt, "attempt" | "step" | "owner">,
  maxAttemptMinutes: number,
): Trouble | AttemptLimit {
  const where =
    owner === null ? "before it began" : step === null ? "before its first step" : `in step ${step}`;
  switch (why) {
    case "missing":
      return {
        cause: "died",
        what: `The task of attempt ${attempt} vanished ${where}: ECS knows no such task any more.`,
      };
    case "silent":
      return {
        cause: "died",
        what: `The task of attempt ${attempt} gave no sign of life for ${DEAD_AFTER_SECONDS} seconds ${where}.`,
      };
    case "too long":
      return {
        cause: "limit",
        what:
          `Attempt ${attempt} was ended ${where}: it took longer than the limit of ${maxAttemptMinutes} minutes ` +
          "(maxAttemptMinutes). Make the environment smaller, or ask the operators for a longer limit.",
      };
  }
}

/** An attempt that took too long would take as long again. */
export interface AttemptLimit {
  readonly cause: "limit";
  /** The sentence for the user. */
  readonly what: string;
}

/** The sentence for a build that waited too long. @param last what it said it was waiting for */
export function reasonOfQueue(maxQueueHours: number, last: string | null): string {
  return (
    `The build waited longer than the limit of ${maxQueueHours} hours (maxQueueHours) and was ended. ` +
    `${last === null ? "" : `It said last: ${last} `}Build again, or ask the operators for more slots.`
  );
}
