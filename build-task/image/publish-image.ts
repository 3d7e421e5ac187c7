/**
 * The end of an image's making: its manifest stored, its blobs and tags given to the environment's repository; and the same
 * with what an earlier build made.
 * @module
 */
import { eachOf } from "#adapters/disk/each-file.ts";
import { putRepositoryBlob, putRepositoryTag, type RepositoryBlob } from "#adapters/dynamodb/repositories.ts";
import { getObject, putObject } from "#adapters/s3/objects.ts";
import type { Artifact } from "#core/build/status.ts";
import {
  DOCKER_MANIFEST,
  digestOf,
  inDockersWords,
  OCI_MANIFEST,
  parseManifest,
} from "#core/image/manifest.ts";
import { FROM_NOTHING } from "#core/image/reference.ts";
import { tagsOf } from "#core/image/tags.ts";
import { redact } from "#core/redact.ts";
import type { StepContext, Task } from "../task.ts";
import { baseNameOf } from "./base-image.ts";
import { borrow, holdAll, keyOfBlob, keyOfManifest } from "./blobs.ts";

/** The label that says which reference an image was put on. */
export const BASE_NAME = "org.opencontainers.image.base.name";
const HANDS = 16;

/** A manifest in one of the two languages that it is stored in. */
interface StoredManifest extends RepositoryBlob {
  readonly text: string;
  readonly key: string;
}

interface StoredManifests {
  readonly oci: StoredManifest;
  readonly dockers: StoredManifest;
}

function manifestsOf(manifest: string): StoredManifests {
  const stored = (mediaType: string, text: string): StoredManifest => {
    const digest = digestOf(text);
    return { mediaType, text, digest, sizeBytes: Buffer.byteLength(text), key: keyOfManifest(digest) };
  };
  return {
    oci: stored(OCI_MANIFEST, manifest),
    dockers: stored(DOCKER_MANIFEST, inDockersWords(manifest)),
  };
}

/** Stores the manifest in both languages. All that it names must be held and in the bucket. */
export async function publishImage(
  task: Task,
  step: StepContext,
  manifest: string,
  lockDigest: string,
): Promise<Artifact> {
  const manifests = manifestsOf(manifest);
  const { oci, dockers } = manifests;
  await holdAll(task, step, [oci.key, dockers.key]);
  for (const { key, text, mediaType } of [oci, dockers]) {
    await putObject(task.bucket, key, text, { contentType: mediaType, onlyIfAbsent: true });
  }
  await fillRepository(task, step, manifests, lockDigest);
  step.line(`${task.build.namespace}/${task.build.environment}:${task.build.buildKey} is ${oci.digest}`);
  return { type: "DOCKER_MANIFEST", key: oci.key, sizeBytes: oci.sizeBytes };
}

/**
 * Makes the image of an earlier build this build's as well.
 * @returns false when it is on another base, or not all of it is there any more
 */
export async function lendImage(
  task: Task,
  step: StepContext,
  artifact: Artifact,
  lockDigest: string,
): Promise<boolean> {
  const text = (await getObject(task.bucket, artifact.key, step.signal))?.toString("utf8");
  if (text === undefined) return false;
  const { config, layers, annotations } = parseManifest(text);
  const base = redact(baseNameOf(task));
  if (annotations[BASE_NAME] !== base) {
    step.line(`its image is on ${annotations[BASE_NAME] ?? FROM_NOTHING}: one on ${base} is made`);
    return false;
  }
  const manifests = manifestsOf(text);
  const objects = [
    ...[config, ...layers].map(({ digest, size }) => ({ key: keyOfBlob(digest), sizeBytes: size })),
    manifests.dockers,
  ];
  const there = await borrow(task, step, objects);
  if (!objects.every(({ key }) => there.has(key))) {
    step.line("not every layer of its image is left: it is made again");
    return false;
  }
  await fillRepository(task, step, manifests, lockDigest);
  return true;
}

/** Says which blobs the environment's repository has from now on. The tags come last: they count when the build is COMPLETED. */
async function fillRepository(
  { db, build }: Task,
  { signal }: StepContext,
  { oci, dockers }: StoredManifests,
  lockDigest: string,
): Promise<void> {
  const { config, layers } = parseManifest(oci.text);
  const named = [config, ...layers].map(({ size: sizeBytes, ...blob }) => ({ ...blob, sizeBytes }));
  await eachOf([...named, oci, dockers], HANDS, signal, async ({ digest, mediaType, sizeBytes }) => {
    await putRepositoryBlob(db, build, { digest, mediaType, sizeBytes });
  });
  for (const tag of tagsOf({ ...build, lockDigest })) await putRepositoryTag(db, build, tag);
}
