/**
 * Blobs of images in the bucket: held before anybody looks for them, and uploaded only when they are missing.
 * @module
 */
import { createReadStream } from "node:fs";
import { eachOf } from "#adapters/disk/each-file.ts";
import { uploadStream } from "#adapters/s3/multipart-upload.ts";
import { headObject } from "#adapters/s3/objects.ts";
import { hexOf } from "#core/image/manifest.ts";
import { blobKey, manifestKey } from "#core/layout.ts";
import { hold, holdLent } from "../hold.ts";
import type { StepContext, Task } from "../task.ts";

/** A transaction of ours has at most twenty items: each thing is two of them, and the build is one. */
const HELD_AT_ONCE = 9;
const HANDS = 8;

/** Where a blob lies. @throws Error for what is no sha256 digest */
export const keyOfBlob = (digest: string): string => blobKey(mustHex(digest));

/** Where a manifest lies. @throws Error for what is no sha256 digest */
export const keyOfManifest = (digest: string): string => manifestKey(mustHex(digest));

function mustHex(digest: string): string {
  const hex = hexOf(digest);
  if (hex === null) throw new Error(`${digest.slice(0, 100)} is no sha256 digest`);
  return hex;
}

/** Holds what this build makes. */
export async function holdAll(task: Task, step: StepContext, things: readonly string[]): Promise<void> {
  for (const some of inChunks(things)) await hold(task, step, some);
}

/**
 * Holds what others made, and looks whether it is really there: who held it before may have died before making it.
 * @returns the keys of those that can be used
 */
export async function borrow(
  task: Task,
  step: StepContext,
  objects: readonly { readonly key: string; readonly sizeBytes: number }[],
): Promise<Set<string>> {
  const held: (typeof objects)[number][] = [];
  // One after the other: all of them check the build, and would be in each other's way.
  for (const some of inChunks(objects)) held.push(...(await holdExisting(task, some)));
  const there = new Set<string>();
  await eachOf(held, HANDS, step.signal, async ({ key, sizeBytes }) => {
    if ((await headObject(task.bucket, key))?.sizeBytes === sizeBytes) there.add(key);
  });
  return there;
}

/** All of them at once, as is most likely; else those that exist are found by halves. */
async function holdExisting<T extends { readonly key: string }>(
  task: Task,
  objects: readonly T[],
): Promise<readonly T[]> {
  const keys = objects.map(({ key }) => key);
  if (await holdLent(task, keys)) return objects;
  if (objects.length <= 1) return [];
  const half = objects.length >> 1;
  return [
    ...(await holdExisting(task, objects.slice(0, half))),
    ...(await holdExisting(task, objects.slice(half))),
  ];
}

export interface BlobFile {
  readonly digest: string;
  readonly sizeBytes: number;
  /** Ours alone. */
  readonly file: string;
}

/** @returns bytes that were not there already. Everything must be held. */
export async function uploadMissing(
  { bucket }: Task,
  { signal }: StepContext,
  blobs: readonly BlobFile[],
): Promise<number> {
  let uploadedBytes = 0;
  await eachOf(blobs, HANDS, signal, async ({ digest, sizeBytes, file }) => {
    const key = keyOfBlob(digest);
    if ((await headObject(bucket, key))?.sizeBytes === sizeBytes) return;
    await uploadStream(bucket, key, createReadStream(file), {
      contentType: "application/octet-stream",
      signal,
    });
    uploadedBytes += sizeBytes;
  });
  return uploadedBytes;
}

function inChunks<T>(items: readonly T[]): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += HELD_AT_ONCE) chunks.push(items.slice(at, at + HELD_AT_ONCE));
  return chunks;
}
