/**
 * lockfile: the lock under its digest, for users and for later builds.
 * @module
 */
import { putObject } from "#adapters/s3/objects.ts";
import type { Artifact } from "#core/build/status.ts";
import { lockKey } from "#core/layout.ts";
import type { RenderedLock } from "#core/lock/conda-lock.ts";
import type { StepContext, Task } from "../task.ts";

export async function storeLockfile(task: Task, step: StepContext, lock: RenderedLock): Promise<Artifact> {
  const key = lockKey(lock.digest);
  const created = await putObject(task.bucket, key, lock.text, {
    contentType: "application/json",
    onlyIfAbsent: true,
  });
  step.line(`${key}${created ? "" : ": there already"}`);
  return { type: "LOCKFILE", key, sizeBytes: Buffer.byteLength(lock.text) };
}
