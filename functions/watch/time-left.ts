/**
 * How long a pass may take.
 * @module
 */
import type { Context } from "aws-lambda";

export type Invocation = Pick<Context, "getRemainingTimeInMillis">;

/** Time that is left for saying what was done. */
const LAST_WORDS_MS = 20_000;

/** Aborts before Lambda ends the function; without Lambda after five minutes. */
export function timeLeft(lambda: Invocation | undefined): AbortSignal {
  const left = (lambda?.getRemainingTimeInMillis() ?? 300_000) - LAST_WORDS_MS;
  return AbortSignal.timeout(Math.max(1_000, left));
}
