/**
 * Claiming a build: how a task that knows only the build's id becomes the owner of the attempt that was asked for.
 * @module
 */
import type { Build } from "#core/build/build.ts";
import { getAttempt } from "./attempts.ts";
import { getBuildAndMover } from "./builds.ts";
import type { Db } from "./db.ts";
import { makeMove } from "./moves.ts";

export type ClaimOutcome =
  | { readonly won: true; readonly build: Build; readonly attempt: number }
  | { readonly won: false; readonly why: string };

/**
 * Claims the attempt for which a task was asked.
 * @param owner the task's ARN, or another name that no other task has; claiming twice by the same owner is won twice
 * @returns won false when there is nothing to claim: the task must end without writing anything
 */
export async function claimBuild(db: Db, id: number, owner: string, at: Date): Promise<ClaimOutcome> {
  const seen = await getBuildAndMover(db, id);
  if (!seen) return { won: false, why: "there is no such build" };
  const { build } = seen;
  const attempt = build.dispatched;
  if (build.status === "BUILDING") {
    const mine = (await getAttempt(db, id, attempt))?.owner === owner;
    return mine
      ? { won: true, build, attempt }
      : { won: false, why: `attempt ${attempt} belongs to another task` };
  }
  const outcome = await makeMove(db, id, { name: "claim", by: "task", at, attempt, owner }, seen);
  return outcome.won ? { won: true, build: outcome.build, attempt } : { won: false, why: outcome.why };
}
