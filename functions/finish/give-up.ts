/**
 * Ending an attempt that did not complete its build: the build is tried again or ends as FAILED. `sweep` does it by this,
 * too: what a lost build's user reads must not depend on who found it.
 * @module
 */
import type { Db } from "#adapters/dynamodb/db.ts";
import { type MoveOutcome, makeMove } from "#adapters/dynamodb/moves.ts";
import type { Log } from "#adapters/log.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { countLogChunks, joinLog, writeLogChunk } from "#adapters/s3/logs.ts";
import { send, type WakeUpQueue } from "#adapters/sqs/queue.ts";
import type { Build } from "#core/build/build.ts";
import type { Artifact } from "#core/build/status.ts";
import { afterTrouble, type Trouble, type TryPolicy } from "#core/build/tries.ts";
import { redact } from "#core/redact.ts";

export interface GiveUpContext extends TryPolicy {
  readonly db: Db;
  readonly bucket: Bucket;
  readonly wakeUps: WakeUpQueue;
  readonly clock: () => Date;
  readonly log: Log;
}

export interface Failure {
  /** 0 for a build that no attempt was begun for. */
  readonly attempt: number;
  /** For the user; secrets are taken out here. */
  readonly reason: string;
  readonly artifacts: readonly Artifact[];
}

/** A reason is a sentence or a few; a task's may be anything. */
const REASON_LENGTH_MAX = 4000;

/**
 * Ends an attempt without a verdict: its build goes back into the line with a next try, or is given up after its last one.
 * @param build as it was seen with this attempt
 */
export async function endAttempt(
  context: GiveUpContext,
  by: "finish" | "sweep",
  build: Build,
  attempt: number,
  { cause, what }: Trouble,
): Promise<MoveOutcome> {
  const { db, wakeUps, log } = context;
  const at = context.clock();
  const text = redact(what).slice(0, REASON_LENGTH_MAX);
  const verdict = afterTrouble(build, { cause, what: text }, context, at, Math.random());
  if (!verdict.again) return await giveUp(context, by, build.id, attempt, verdict.reason);
  const { again: _, ...next } = verdict;
  const { statusInfo, nextTryOn } = next;
  const retry = { name: "retry", by, at, attempt, cause, what: text, ...next } as const;
  const outcome = await makeMove(db, build.id, retry);
  if (!outcome.won) return outcome;
  log.warn("to be tried again", { build: build.id, attempt, cause, statusInfo });
  // Only who put it back asks for the next try, so wake-ups do not multiply. A lost one is sweep's to notice.
  const seconds = Math.ceil((nextTryOn.getTime() - at.getTime()) / 1000);
  if (seconds > 0) await send(wakeUps, { reason: `next try of build ${build.id}` }, seconds + 1);
  return outcome;
}

/** Moves the build to FAILED, if the attempt still is the one that counts. */
export async function failBuild(
  { db, clock }: Pick<GiveUpContext, "db" | "clock">,
  by: "finish" | "sweep",
  id: number,
  { attempt, reason, artifacts }: Failure,
): Promise<MoveOutcome> {
  const text = redact(reason).slice(0, REASON_LENGTH_MAX);
  return await makeMove(db, id, { name: "fail", by, at: clock(), attempt, reason: text, artifacts });
}

/** Ends a build whose task is gone: its log ends with the reason, too. */
export async function giveUp(
  context: GiveUpContext,
  by: "finish" | "sweep",
  id: number,
  attempt: number,
  reason: string,
): Promise<MoveOutcome> {
  const artifacts = await closeLog(context, id, attempt, reason);
  return await failBuild(context, by, id, { attempt, reason, artifacts });
}

/**
 * A task that died could not end its log: its last line says what happened, and the chunks become one text.
 * @returns the LOGS artifact, or none if that does not work: a build must end all the same
 */
async function closeLog(
  { bucket, clock, log }: GiveUpContext,
  id: number,
  attempt: number,
  reason: string,
): Promise<Artifact[]> {
  try {
    const text = `FAILED: ${redact(reason)}`;
    const line = { at: clock().toISOString(), step: "", stream: "stderr", text } as const;
    await writeLogChunk(bucket, id, attempt, await countLogChunks(bucket, id, attempt), [line]);
    return [await joinLog(bucket, id, attempt)];
  } catch (error) {
    log.error("the log of a dead task could not be joined", { build: id, attempt, error });
    return [];
  }
}
