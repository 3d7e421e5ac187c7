/**
 * When to try again what may work later.
 * @module
 */
/** For a task that could not be started: who refused it needs some time. */
const FIRST_SECONDS = 15;
/** SQS can delay a wake-up by no more than 15 minutes. */
const LONGEST_SECONDS = 840;

/**
 * Doubles with each try up to 14 minutes, less up to a quarter, so that builds put back together do not return together.
 * @param count how many tries were in vain, from 1
 * @param random in [0, 1)
 */
export function nextTrySeconds(count: number, random: number, firstSeconds: number = FIRST_SECONDS): number {
  const longest = Math.min(LONGEST_SECONDS, firstSeconds * 2 ** Math.min(count - 1, 10));
  return Math.ceil(longest * (1 - random / 4));
}
