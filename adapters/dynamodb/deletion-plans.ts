/**
 * Plans of deletions, from what the table says now. Cost: docs/access-patterns.md, 54.
 * @module
 */
import type { Build } from "#core/build/build.ts";
import { type DeletionPlan, type ImagePart, planDeletion } from "#core/build/deletion-plan.ts";
import type { ArtifactType } from "#core/build/status.ts";
import { thingOf } from "#core/build/thing.ts";
import type { Environment } from "#core/environment/environment.ts";
import { AppError } from "#core/errors.ts";
import { DOCKER_MANIFEST, hexOf, OCI_MANIFEST } from "#core/image/manifest.ts";
import { blobKey, manifestKey } from "#core/layout.ts";
import { readEnvironmentRows } from "./build-rows.ts";
import { getBuilds } from "./builds.ts";
import type { Db } from "./db.ts";
import { getThings } from "./holds.ts";
import { readRepositoryBlobs } from "./repositories.ts";

/** Of builds that were read. */
export async function planOf(
  db: Db,
  builds: readonly Build[],
  keep: readonly ArtifactType[],
): Promise<DeletionPlan> {
  const images = await imagesOf(db, builds);
  const names = new Set([
    ...builds.flatMap(({ artifacts }) => artifacts.map(thingOf)).filter((name) => name !== null),
    ...[...images.values()].flat().map(({ key }) => key),
  ]);
  const things = await getThings(db, [...names]);
  const holders = new Map([...things].map(([name, thing]) => [name, thing.holders]));
  return planDeletion(builds, keep, holders, images);
}

/** What their images are made of. One query for each environment of which one of them has an image. */
async function imagesOf(db: Db, builds: readonly Build[]): Promise<Map<number, ImagePart[]>> {
  const imaged = builds.filter(({ artifacts }) => artifacts.some(({ type }) => type === "DOCKER_MANIFEST"));
  const places = new Map(imaged.map((build) => [`${build.namespace}/${build.environment}`, build]));
  const images = new Map<number, ImagePart[]>();
  for (const place of places.values()) {
    for (const [build, blobs] of await readRepositoryBlobs(db, place)) {
      images.set(
        build,
        blobs.map(({ digest, mediaType, sizeBytes }) => ({ key: keyOfPart(digest, mediaType), sizeBytes })),
      );
    }
  }
  return images;
}

function keyOfPart(digest: string, mediaType: string): string {
  const hex = hexOf(digest);
  if (hex === null) throw new Error(`${digest.slice(0, 100)} is no sha256 digest`);
  return mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST ? manifestKey(hex) : blobKey(hex);
}

/** Beyond, a plan is longer than anybody reads, and takes longer than a gateway waits. */
const BUILDS_MAX = 10_000;

/** Every build of the environments, those included of which something had been kept. */
export async function buildsOf(db: Db, environments: readonly Environment[]): Promise<Build[]> {
  const ids: number[] = [];
  for (const { id: environmentId, namespace, name: environment } of environments) {
    for (const gone of [false, true]) {
      const place = { namespace: namespace.name, environment, environmentId };
      for await (const { id } of readEnvironmentRows(db, place, { gone })) ids.push(id);
    }
    if (ids.length > BUILDS_MAX) {
      const message = `More than ${BUILDS_MAX} builds would be deleted: ask for one environment after the other.`;
      throw new AppError("invalid_request", message);
    }
  }
  return [...(await getBuilds(db, ids)).values()].sort((a, b) => a.id - b.id);
}
