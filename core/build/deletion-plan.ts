/**
 * What deleting builds would take away, told before it is done. Pure.
 * @module
 */
import type { Build } from "./build.ts";
import { deleted } from "./deletion.ts";
import { isFinal, stateOf } from "./state-machine.ts";
import type { Artifact, ArtifactType } from "./status.ts";
import { thingOf } from "./thing.ts";

export interface Kept extends Artifact {
  readonly because: "kept on deletion" | "used by other builds";
}

export interface DeletionPlan {
  readonly builds: readonly number[];
  /** Of these: they would be canceled. */
  readonly active: number;
  /** Objects and directories that would be removed. */
  readonly artifacts: number;
  /** What they take up. */
  readonly sizeBytes: number;
  readonly kept: readonly Kept[];
}

/**
 * @param keep types of artifacts that stay
 * @param holders how many builds hold each thing; what is absent is held by nobody but these builds
 */
export function planDeletion(
  builds: readonly Build[],
  keep: readonly ArtifactType[],
  holders: ReadonlyMap<string, number>,
): DeletionPlan {
  const given = new Map<string, { artifact: Artifact; times: number }>();
  const kept = new Map<string, Kept>();
  let artifacts = 0;
  let sizeBytes = 0;
  const remove = (artifact: Artifact): void => {
    artifacts += 1;
    sizeBytes += artifact.sizeBytes;
  };
  for (const build of builds) {
    const stays = deleted(build, keep, build.scheduledOn).artifacts;
    for (const artifact of build.artifacts) {
      const thing = thingOf(artifact);
      if (stays.includes(artifact)) kept.set(artifact.key, { ...artifact, because: "kept on deletion" });
      else if (thing === null) remove(artifact);
      else given.set(thing, { artifact, times: (given.get(thing)?.times ?? 0) + 1 });
    }
  }
  for (const [thing, { artifact, times }] of given) {
    if (kept.has(artifact.key)) continue;
    if ((holders.get(thing) ?? times) <= times) remove(artifact);
    else kept.set(artifact.key, { ...artifact, because: "used by other builds" });
  }
  return {
    builds: builds.map(({ id }) => id),
    active: builds.filter((build) => !isFinal(stateOf(build))).length,
    artifacts,
    sizeBytes,
    kept: [...kept.values()],
  };
}
