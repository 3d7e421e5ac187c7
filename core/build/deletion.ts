/**
 * Deleting a build: whether it may be, and what stays of it.
 * @module
 */
import type { Environment } from "#core/environment/environment.ts";
import { AppError } from "#core/errors.ts";
import type { Build } from "./build.ts";
import { isFinal, stateOf } from "./state-machine.ts";
import type { ArtifactType } from "./status.ts";

/** Why a build may not be deleted now, with what to do about it; null when it may. */
export function whyKept(build: Build, environment: Environment): AppError | null {
  const { id, namespace, environment: name } = build;
  if (!isFinal(stateOf(build))) {
    const message = "cannot delete build since not finished building: cancel it first, or wait until it ends";
    return new AppError("invalid_request", message);
  }
  if (environment.currentBuildId === id) {
    return new AppError(
      "conflict",
      `Build ${id} is the current build of ${namespace}/${name}: choose another one first, or delete the environment.`,
    );
  }
  return build.pinnedOn === null
    ? null
    : new AppError("conflict", `Build ${id} is pinned: take the pin away first.`);
}

/** What a build is when it has been deleted. @param keep types of artifacts that stay */
export function deleted(build: Build, keep: readonly ArtifactType[], at: Date) {
  const artifacts = build.artifacts.filter(({ type }) => keep.includes(type));
  return {
    artifacts,
    // The list of packages stays with what tells of the build.
    lockDigest: artifacts.length === 0 ? null : build.lockDigest,
    sizeBytes: 0,
    deletedOn: build.deletedOn ?? at,
  } satisfies Partial<Build>;
}

/** Nothing is left that anybody could ask for: it is as if there had never been such a build. */
export const isGone = ({ deletedOn, artifacts }: Pick<Build, "deletedOn" | "artifacts">): boolean =>
  deletedOn !== null && artifacts.length === 0;
