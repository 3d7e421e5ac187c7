/**
 * Ending a build as FAILED. `sweep` ends by this, too: what a lost build's user reads must not depend on who found it.
 * @module
 */
import type { Db } from "#adapters/dynamodb/db.ts";
import { type MoveOutcome, makeMove } from "#adapters/dynamodb/moves.ts";
import type { Log } from "#adapters/log.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { countLogChunks, joinLog, writeLogChunk } from "#adapters/s3/logs.ts";
import type { Artifact } from "#core/build/status.ts";
import { logKey } from "#core/layout.ts";
import { redact } from "#core/redact.ts";

export interface GiveUpContext {
  readonly db: Db;
  readonly bucket: Bucket;
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
    return [{ type: "LOGS", key: logKey(id), sizeBytes: await joinLog(bucket, id, attempt) }];
  } catch (error) {
    log.error("the log of a dead task could not be joined", { build: id, attempt, error });
    return [];
  }
}
