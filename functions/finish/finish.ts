/**
 * Ending builds. Two things say that an attempt may have ended: its task's message and ECS's event. Both may repeat,
 * reorder and come before anything else is known, so each only makes this look at what the table says.
 * @module
 */

import { getAttempt } from "#adapters/dynamodb/attempts.ts";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { type MoveOutcome, makeMove } from "#adapters/dynamodb/moves.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { headObject } from "#adapters/s3/objects.ts";
import { type LinkQueue, send } from "#adapters/sqs/queue.ts";
import { mayLieThere } from "#core/build/artifact-place.ts";
import type { Attempt, AttemptResult } from "#core/build/attempt.ts";
import type { Build } from "#core/build/build.ts";
import type { FinishMessage } from "#core/build/messages.ts";
import { isFinal, stateOf } from "#core/build/state-machine.ts";
import type { Artifact } from "#core/build/status.ts";
import { type StoppedTask, troubleOfStop } from "#core/build/stopped-task.ts";
import { endAttempt, failBuild, type GiveUpContext } from "./give-up.ts";

export interface FinishContext extends GiveUpContext {
  readonly db: AuditedDb;
  /** null: there is no shared disk. */
  readonly links: LinkQueue | null;
}

/** A task says that it has written its result. */
export async function taskReported(
  context: FinishContext,
  { buildId, attempt: n }: FinishMessage,
): Promise<void> {
  const { db } = context;
  const [build, attempt] = await Promise.all([getBuild(db, buildId), getAttempt(db, buildId, n)]);
  if (!build) return context.log.warn("a result for no build", { build: buildId, attempt: n });
  if (attempt?.result && build.dispatched === n) await end(context, build, n, attempt.result);
  else await follow(context, build);
}

/** ECS says that a task has stopped. */
export async function taskStopped(context: FinishContext, stopped: StoppedTask): Promise<void> {
  const { db, log } = context;
  const build = await getBuild(db, stopped.build);
  if (!build) return log.warn("a stopped task for no build", { ...stopped });
  const n = build.dispatched;
  const attempt = n === 0 ? null : await getAttempt(db, build.id, n);
  if (!attempt || !isWorker(attempt, stopped)) {
    log.info("a stopped task that does not count", { ...stopped, dispatched: n });
    return await follow(context, build);
  }
  if (attempt.result) return await end(context, build, n, attempt.result);
  log.warn("a task stopped without a result", { ...stopped, step: attempt.step });
  const trouble = troubleOfStop(stopped, attempt.step, attempt.owner !== null);
  await settled(context, await endAttempt(context, "finish", build, n, trouble));
}

/**
 * Whether the task that stopped is the one the attempt depends on. An owner that is an ARN decides: ECS may have
 * started a task whose start it reported as failed, and such a task may have claimed what the next was started for.
 */
function isWorker({ attempt, owner }: Attempt, stopped: StoppedTask): boolean {
  return owner?.startsWith("arn:") ? owner === stopped.task : attempt === stopped.attempt;
}

async function end(
  context: FinishContext,
  build: Build,
  attempt: number,
  result: AttemptResult,
): Promise<void> {
  if (result.outcome === "undecided") {
    return await settled(context, await endAttempt(context, "finish", build, attempt, result));
  }
  const missing = await unproven(context.bucket, build, result.artifacts ?? []);
  const artifacts = (result.artifacts ?? []).filter((artifact) => !missing.includes(artifact));
  if (result.outcome === "failed") {
    return await fail(context, build, attempt, result.reason, artifacts);
  }
  if (missing.length > 0) {
    const types = missing.map(({ type }) => type).join(", ");
    context.log.error("artifacts that are not there", { build: build.id, attempt, missing });
    const reason = `What the build made did not reach the store: ${types}. Build again; if that repeats, ask the operators.`;
    return await fail(context, build, attempt, reason, artifacts);
  }
  const { db, clock } = context;
  const move = { name: "complete", by: "finish", at: clock(), attempt, result } as const;
  await settled(context, await makeMove(db, build.id, move));
}

async function fail(
  context: FinishContext,
  build: Build,
  attempt: number,
  reason: string,
  artifacts: readonly Artifact[],
): Promise<void> {
  await settled(context, await failBuild(context, "finish", build.id, { attempt, reason, artifacts }));
}

async function settled(context: FinishContext, outcome: MoveOutcome): Promise<void> {
  const { log } = context;
  if (outcome.won) {
    const { id, status, statusInfo, requestId: request_id } = outcome.build;
    log.info("moved", { build: id, request_id, status, statusInfo });
    if (status === "COMPLETED") log.measure({ BuildsCompleted: 1 });
    if (status === "FAILED") log.measure({ BuildsFailed: 1 });
    if (status === "QUEUED") return await send(context.wakeUps, { reason: `build ${id} gave its slot back` });
    return await follow(context, outcome.build);
  }
  log.info("not ended here", { build: outcome.found?.id, why: outcome.why });
  if (outcome.found) await follow(context, outcome.found);
}

/**
 * What an ended build sets in motion. Also done when somebody else ended it: that one may have died before this.
 * Both messages only make their readers look.
 */
async function follow({ db, wakeUps, links }: FinishContext, build: Build): Promise<void> {
  if (!isFinal(stateOf(build))) return;
  const { namespace, environment: name } = build;
  if (links !== null && build.status === "COMPLETED") {
    const environment = await getEnvironment(db, namespace, name);
    if (environment?.currentBuildId === build.id) await send(links, { namespace, environment: name });
  }
  await send(wakeUps, { reason: `build ${build.id} has ended` });
}

/** The artifacts that are not where the task says, in the size it says. Directories are proven by the task alone. */
async function unproven(bucket: Bucket, build: Build, artifacts: readonly Artifact[]): Promise<Artifact[]> {
  const proofs = await Promise.all(
    artifacts.map(async (artifact) => {
      if (!mayLieThere(build, artifact)) return false;
      if (artifact.type === "DIRECTORY") return true;
      return (await headObject(bucket, artifact.key))?.sizeBytes === artifact.sizeBytes;
    }),
  );
  return artifacts.filter((_, i) => !proofs[i]);
}
