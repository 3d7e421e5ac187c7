/**
 * When to ask again for a task that could not be started.
 * @module
 */
const FIRST_SECONDS = 15;
/** SQS can delay a wake-up by no more than 15 minutes. */
const LONGEST_SECONDS = 840;

/**
 * Doubles with each try up to 14 minutes, less up to a quarter, so that builds put back together do not return together.
 * @param attempt the number of the attempt that did not start, from 1
 * @param random in [0, 1)
 */
export function nextTrySeconds(attempt: number, random: number): number {
  const longest = Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** Math.min(attempt - 1, 10));
  return Math.ceil(longest * (1 - random / 4));
}
