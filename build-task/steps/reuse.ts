/**
 * reuse: what an earlier build with the same lock made in this namespace is lent, if it is all still there.
 * @module
 */
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { getReusable, type Reusable } from "#adapters/dynamodb/reuse.ts";
import { headObject } from "#adapters/s3/objects.ts";
import type { ArtifactType } from "#core/build/status.ts";
import { thingsOf } from "#core/build/thing.ts";
import { prefixPath } from "#core/layout.ts";
import type { Sha256 } from "#core/names.ts";
import { holdLent } from "../hold.ts";
import { lendImage } from "../image/publish-image.ts";
import type { StepContext, Task } from "../task.ts";

/**
 * What is found is held first: it can be removed before, but not between the look and the use.
 * @param wanted every type that this build must have
 * @returns null when there is nothing, or not everything any more
 */
export async function findReusable(
  task: Task,
  step: StepContext,
  { reuseKey, lockDigest }: { readonly reuseKey: string; readonly lockDigest: string },
  wanted: readonly ArtifactType[],
): Promise<Reusable | null> {
  const reusable = await getReusable(task.db, reuseKey);
  if (reusable === null || reusable.build === task.build.id) return null;
  const has = (type: ArtifactType): boolean => reusable.artifacts.some((artifact) => artifact.type === type);
  if (!wanted.every(has)) return null;
  const lent = reusable.artifacts.filter(({ type }) => wanted.includes(type));
  if (!(await holdLent(task, thingsOf({ artifacts: lent, lockDigest: lockDigest as Sha256 })))) {
    step.line(`build ${reusable.build} had the same lock, but it has been deleted: it is made again`);
    return null;
  }
  const there = await Promise.all(
    lent.map(async ({ type, key, sizeBytes }) =>
      type === "DIRECTORY"
        ? await isOnDisk(task, reusable)
        : (await headObject(task.bucket, key))?.sizeBytes === sizeBytes,
    ),
  );
  if (there.includes(false)) {
    step.line(
      `build ${reusable.build} had the same lock, but not everything of it is left: it is made again`,
    );
    return null;
  }
  const image = lent.find(({ type }) => type === "DOCKER_MANIFEST");
  if (image && !(await lendImage(task, step, image, lockDigest))) return null;
  step.line(`build ${reusable.build} has the same lock: what it made is lent`);
  return reusable;
}

async function isOnDisk({ config, build }: Task, { directory: name }: Reusable): Promise<boolean> {
  if (config.diskDirectory === null) return false;
  const directory = join(config.diskDirectory, prefixPath(build.namespace, name));
  return (await lstat(join(directory, "conda-meta", "history")).catch(() => null)) !== null;
}
