/**
 * Choosing the build that an environment shows.
 * @module
 */
import { directoryOf } from "#core/build/artifact-place.ts";
import type { Build } from "#core/build/build.ts";
import { AppError } from "#core/errors.ts";
import type { Environment } from "./environment.ts";

export interface ChosenBuild {
  readonly currentBuildId: number;
  readonly currentAfter: number;
  /** Null without a shared disk. */
  readonly linkBuildKey: string | null;
}

const refuse = (message: string): never => {
  throw new AppError("invalid_request", message);
};

/**
 * Decides whether a build may be shown. The environment's own id decides, not names: a build of a namesake in another
 * namespace would point this environment's link at that one's directory.
 * @param newestBuildId of the environment; nothing posted so far undoes the choice when it ends
 * @throws AppError `invalid_request` (400), with conda-store's sentences
 */
export function chooseBuild(
  environment: Environment,
  build: Build | null,
  buildId: number,
  newestBuildId: number,
): ChosenBuild {
  if (!build || build.deletedOn !== null) return refuse(`build id=${buildId} does not exist`);
  if (build.environmentId !== environment.id)
    refuse("cannot update environment to build id since specification does not match environment name");
  if (build.status !== "COMPLETED") refuse("cannot update environment to build id since not completed");
  return {
    currentBuildId: build.id,
    currentAfter: Math.max(newestBuildId, environment.currentAfter, build.id),
    linkBuildKey: directoryOf(build.artifacts),
  };
}
