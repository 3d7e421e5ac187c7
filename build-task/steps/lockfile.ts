/**
 * lockfile: the lock under its digest, for users and for later builds.
 * @module
 */
import { createHash } from "node:crypto";
import { getObject, putObject } from "#adapters/s3/objects.ts";
import type { Artifact } from "#core/build/status.ts";
import { lockKey } from "#core/layout.ts";
import type { RenderedLock } from "#core/lock/conda-lock.ts";
import { BuildFailure } from "../failure.ts";
import { hold } from "../hold.ts";
import type { StepContext, Task } from "../task.ts";

/**
 * Stores the lock; of a posted lockfile all that was posted, other platforms included.
 * @param posted the lockfile that the specification is, or null
 */
export async function storeLockfile(
  task: Task,
  step: StepContext,
  lock: RenderedLock,
  posted: unknown,
): Promise<Artifact> {
  const text = posted === null ? lock.text : `${JSON.stringify(posted, null, 4)}\n`;
  const key = lockKey(posted === null ? lock.digest : createHash("sha256").update(text).digest("hex"));
  await hold(task, step, [key]);
  const created = await putObject(task.bucket, key, text, {
    contentType: "application/json",
    onlyIfAbsent: true,
  });
  step.line(`${key}${created ? "" : ": there already"}`);
  return { type: "LOCKFILE", key, sizeBytes: Buffer.byteLength(text) };
}

/**
 * The lockfile that an earlier build stored.
 * @throws BuildFailure when it is gone
 */
export async function fetchLockfile(task: Task, step: StepContext, key: string): Promise<unknown> {
  const bytes = await getObject(task.bucket, key, step.signal);
  if (bytes === null)
    throw new BuildFailure(
      "The lockfile that this build is to be made from has been deleted: build again without frozen, which solves anew.",
    );
  return JSON.parse(bytes.toString("utf8"));
}
