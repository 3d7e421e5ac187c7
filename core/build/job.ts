/**
 * What is to be done later, by sweep: written in the same transaction as what makes it necessary, so that nobody who dies
 * in between can lose it. Doing a job twice does it once.
 * @module
 */
import type { Build } from "./build.ts";

export type Job =
  /** An ended build gives back what it does not need. */
  | { readonly kind: "build"; readonly build: number; readonly because: "ended" | "deleted" }
  /** A thing that somebody has given back is removed, if nobody holds it by then. */
  | { readonly kind: "thing"; readonly thing: string }
  /** Rows of what uses what go, unless their environment names them. */
  | { readonly kind: "use"; readonly use: string }
  /** A deleted environment loses its builds. */
  | { readonly kind: "environment"; readonly namespace: string; readonly name: string; readonly id: number }
  /** A deleted namespace loses everything. */
  | { readonly kind: "namespace"; readonly name: string; readonly id: number }
  /** Environments keep what the setting `builds_kept` says: one, all of a namespace, all. */
  | {
      readonly kind: "retention";
      readonly namespace: string | null;
      readonly environment: string | null;
      /** The last one that was looked at. */
      readonly after: RetentionPlace | null;
    };

export interface RetentionPlace {
  readonly namespace: string;
  readonly environment: string;
}

export interface DueJob {
  readonly due: Date;
  readonly job: Job;
}

/** A task that lost its build may write for a beat and a step's end longer: nothing of it is touched before. */
export const ZOMBIE_MINUTES = 5;

/** The job of a build that ended just now. Null for one that holds nothing: no task was asked for, and no lock. */
export function afterEnd(
  { id, lastAttempt, frozenLock }: Pick<Build, "id" | "lastAttempt" | "frozenLock">,
  at: Date,
): DueJob | null {
  if (lastAttempt === 0 && frozenLock === null) return null;
  return { due: minutesAfter(at, ZOMBIE_MINUTES), job: { kind: "build", build: id, because: "ended" } };
}

export const minutesAfter = (at: Date, minutes: number): Date => new Date(at.getTime() + minutes * 60_000);
