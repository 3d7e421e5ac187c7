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

/** An object that a build's image is made of. */
export interface ImagePart {
  readonly key: string;
  readonly sizeBytes: number;
}

export interface DeletionPlan {
  readonly builds: readonly number[];
  /** Of these: they would be canceled. */
  readonly active: number;
  /** Objects and directories that would be removed. */
  readonly artifacts: number;
  /** What they take up. */
  readonly sizeBytes: number;
  /** Of images the manifests alone: what they name stays or goes without being told one by one. */
  readonly kept: readonly Kept[];
}

/**
 * @param keep types of artifacts that stay
 * @param holders how many builds hold each thing; what is absent is held by nobody but these builds
 * @param images what the builds' images are made of, by build
 */
export function planDeletion(
  builds: readonly Build[],
  keep: readonly ArtifactType[],
  holders: ReadonlyMap<string, number>,
  images: ReadonlyMap<number, readonly ImagePart[]> = new Map(),
): DeletionPlan {
  const given = new Map<string, { artifact: Artifact; times: number }>();
  const kept = new Map<string, Kept>();
  let artifacts = 0;
  let sizeBytes = 0;
  const remove = (each: Pick<Artifact, "sizeBytes">): void => {
    artifacts += 1;
    sizeBytes += each.sizeBytes;
  };
  const isFreed = (thing: string, times: number): boolean => (holders.get(thing) ?? times) <= times;
  const parts = new Map<string, { part: ImagePart; times: number }>();
  for (const build of builds) {
    const stays = deleted(build, keep, build.scheduledOn).artifacts;
    for (const artifact of build.artifacts) {
      const thing = thingOf(artifact);
      if (stays.includes(artifact)) kept.set(artifact.key, { ...artifact, because: "kept on deletion" });
      else if (thing === null) remove(artifact);
      else given.set(thing, { artifact, times: (given.get(thing)?.times ?? 0) + 1 });
      if (artifact.type !== "DOCKER_MANIFEST" || stays.includes(artifact)) continue;
      for (const part of images.get(build.id) ?? []) {
        if (part.key !== artifact.key)
          parts.set(part.key, { part, times: (parts.get(part.key)?.times ?? 0) + 1 });
      }
    }
  }
  for (const [thing, { artifact, times }] of given) {
    if (kept.has(artifact.key)) continue;
    if (isFreed(thing, times)) remove(artifact);
    else kept.set(artifact.key, { ...artifact, because: "used by other builds" });
  }
  for (const [key, { part, times }] of parts) if (isFreed(key, times)) remove(part);
  return {
    builds: builds.map(({ id }) => id),
    active: builds.filter((build) => !isFinal(stateOf(build))).length,
    artifacts,
    sizeBytes,
    kept: [...kept.values()],
  };
}
