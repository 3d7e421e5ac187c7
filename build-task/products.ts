/**
 * What a build is to make, and the names that it has in the store.
 * @module
 */
import type { CompletedResult } from "#core/build/attempt.ts";
import type { ArtifactType } from "#core/build/status.ts";
import { directoryThing, packagesThing } from "#core/build/thing.ts";
import { archiveKey, installerKey } from "#core/layout.ts";
import type { RenderedLock } from "#core/lock/conda-lock.ts";
import type { Lock } from "#core/lock/lock.ts";
import { reuseKeyOf } from "#core/lock/reuse-key.ts";
import type { Packed } from "./steps/archive.ts";
import type { Task } from "./task.ts";

/** What of a build's products has been made or found, but for its log. */
export type Built = Omit<CompletedResult, "outcome">;

/** The thing that the environment's directory is; none without a shared disk. */
export const ownDirectory = ({ build, paths }: Task): string[] =>
  paths.isShared ? [directoryThing(build.namespace, paths.directory)] : [];

/** All but lockfile and export, whose names are their texts'. */
export function thingsToMake(task: Task, lock: Lock, rendered: RenderedLock): string[] {
  const reuseKey = keyOf(task, lock, rendered);
  const packed = { CONDA_PACK: archiveKey(reuseKey), CONSTRUCTOR_INSTALLER: installerKey(reuseKey) };
  return [
    ...ownDirectory(task),
    packagesThing(rendered.digest),
    ...wantedPacked(task).map((type) => packed[type]),
  ];
}

export const wantedPacked = ({ settings }: Task): readonly Packed[] =>
  (["CONDA_PACK", "CONSTRUCTOR_INSTALLER"] as const).filter((type) =>
    settings.build_artifacts.includes(type),
  );

export const wantedImages = ({ settings }: Task): readonly ArtifactType[] =>
  settings.build_artifacts.filter((type) => type === "DOCKER_MANIFEST");

export function keyOf(task: Task, lock: Lock, { digest }: RenderedLock): string {
  const { namespace } = task.build;
  return reuseKeyOf({ lockDigest: digest, platform: lock.platform, kind: "environment", namespace });
}
