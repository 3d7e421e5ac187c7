/**
 * recall: the lock of the last solve of the same request, if the channels' indexes are still what it read.
 * @module
 */
import { getSolve, putSolve } from "#adapters/dynamodb/solves.ts";
import { getObject } from "#adapters/s3/objects.ts";
import { lockKey } from "#core/layout.ts";
import { renderCondaLock } from "#core/lock/conda-lock.ts";
import type { Lock } from "#core/lock/lock.ts";
import { parseCondaLock } from "#core/lock/parse-conda-lock.ts";
import { type IndexSource, solveKeyOf } from "#core/lock/solve-key.ts";
import type { Mirror } from "../mirror/mirror.ts";
import type { StepContext, Task } from "../task.ts";
import type { SolveInput } from "./solve.ts";

/**
 * @returns null when there was no such solve, an index has changed, or its lockfile has gone. The lock lacks what only
 *   the index tells (sizes, licences): enough to find what was made of it, not to make it.
 */
export async function recallSolve(
  task: Task,
  step: StepContext,
  mirror: Mirror,
  input: SolveInput,
): Promise<Lock | null> {
  const solve = await getSolve(task.db, await keyOf(task, input));
  if (solve === null) return null;
  const [unchanged, text] = await Promise.all([
    mirror.areUnchanged(solve.sources),
    getObject(task.bucket, lockKey(solve.lockDigest)),
  ]);
  if (text === null) return null;
  if (!unchanged) {
    step.line(`the channels have changed since build ${solve.build} asked for the same`);
    return null;
  }
  const lock = parseCondaLock(JSON.parse(text.toString("utf8")), input.platform);
  if (renderCondaLock(lock).digest !== solve.lockDigest) return null;
  step.line(`build ${solve.build} asked for the same, and the channels have not changed: its lock holds`);
  return lock;
}

/** @param sources as the mirror noted them during the solve; null if it could not */
export async function rememberSolve(
  task: Task,
  input: SolveInput,
  sources: readonly IndexSource[] | null,
  lockDigest: string,
): Promise<void> {
  if (sources === null) return;
  await putSolve(task.db, await keyOf(task, input), { build: task.build.id, lockDigest, sources });
}

async function keyOf(task: Task, input: SolveInput): Promise<string> {
  const { name: engine } = await task.engine;
  return solveKeyOf({ ...input, engine, namespace: task.build.namespace });
}
