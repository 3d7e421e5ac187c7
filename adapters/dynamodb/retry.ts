/**
 * Trying again: what contention and throttling ask for, with full jitter and an end.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import { AppError } from "#core/errors.ts";

export interface RetryOptions {
  /** @default 12 */
  readonly triesMax?: number;
  readonly baseMilliseconds?: number;
  readonly capMilliseconds?: number;
}

/** What a try gives back when it should be tried again. */
export const AGAIN = Symbol("try again");

/**
 * Runs `attempt` until it gives something other than `AGAIN`; between tries it pauses for a random part of a doubling time.
 * @throws AppError try_again when the tries are used up
 */
export async function withRetry<T>(
  attempt: (n: number) => Promise<T | typeof AGAIN>,
  { triesMax = 12, baseMilliseconds = 20, capMilliseconds = 1500 }: RetryOptions = {},
): Promise<T> {
  for (let n = 0; n < triesMax; n++) {
    if (n > 0) await pause(Math.random() * Math.min(capMilliseconds, baseMilliseconds * 2 ** n));
    const result = await attempt(n);
    if (result !== AGAIN) return result;
  }
  throw new AppError("try_again", "Too many changes at once. Try again in a few seconds.");
}
