/**
 * Leases by beat numbers: the owner raises a number, an observer watches it on its own clock. No two clocks are compared.
 * @module
 */

/** How often the owner raises the beat. */
export const BEAT_SECONDS = 15;
/** How long an observer must see the same beat before it calls the owner dead. */
export const DEAD_AFTER_SECONDS = 75;

/** A beat as an observer read it, with the observer's own monotonic milliseconds. */
export interface BeatObservation {
  readonly beat: number;
  readonly seenMs: number;
}

/**
 * Says whether the owner of a lease looks dead to one observer.
 * @param observations by that observer, oldest first
 * @param nowMs the same observer's clock. The last look must be recent: a beat seen long ago proves nothing.
 */
export function leaseLooksDead(observations: readonly BeatObservation[], nowMs: number): boolean {
  const last = observations.at(-1);
  if (!last || nowMs - last.seenMs > BEAT_SECONDS * 1000) return false;
  const changed = observations.findLastIndex(({ beat }) => beat !== last.beat);
  const first = observations[changed + 1];
  return first !== undefined && last.seenMs - first.seenMs >= DEAD_AFTER_SECONDS * 1000;
}
