/**
 * The base image: what its reference means, and its layers in our bucket, copied once.
 * @module
 */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { getBaseImage, type KnownBase, putBaseImage } from "#adapters/dynamodb/image-layers.ts";
import { architectureOf, type BaseConfig, parseBaseConfig } from "#core/image/config.ts";
import { type Descriptor, ociType, parseManifest } from "#core/image/manifest.ts";
import { FROM_NOTHING, parseReference, parseTarReference } from "#core/image/reference.ts";
import { registryKeysOf } from "../channel-keys.ts";
import { BuildFailure, describeBytes } from "../failure.ts";
import type { StepContext, Task } from "../task.ts";
import { type BlobFile, borrow, holdAll, keyOfBlob, uploadMissing } from "./blobs.ts";
import { openRegistry, type PullOptions, type Registry } from "./pull.ts";
import { openTar } from "./tar-base.ts";

export interface BaseImage {
  readonly digest: string;
  readonly config: BaseConfig;
  readonly layers: readonly Descriptor[];
}

/**
 * The base image of this deployment, all of whose layers are held and in the bucket.
 * @returns null for an image from nothing
 * @throws BuildFailure when it cannot be copied
 */
export async function baseImage(task: Task, step: StepContext, platform: string): Promise<BaseImage | null> {
  const { baseImage: name, allowedPrivateHosts: allowPrivateHosts } = task.config;
  if (name === FROM_NOTHING) return null;
  const architecture = architectureOf(platform);
  const registry = openSource(name, {
    allowPrivateHosts,
    keys: () => registryKeysOf(task),
    signal: step.signal,
  });
  if (registry === null || architecture === null) {
    throw new BuildFailure(
      `There is no base image ${name} for ${platform}: ask the operator to look at it (baseImage).`,
    );
  }
  const known = await getBaseImage(task.db, name, platform, new Date());
  const found = known ?? (await lookUp(registry, architecture));
  const { layers } = parseManifest(found.manifest);
  const blobs = layers.map(({ digest, size }) => ({ digest, key: keyOfBlob(digest), sizeBytes: size }));
  const there = await borrow(task, step, blobs);
  const missing = blobs.filter(({ key }) => !there.has(key));
  if (missing.length > 0) await copyLayers(task, step, registry, missing);
  if (known === null) await putBaseImage(task.db, name, platform, found, new Date());
  return {
    digest: found.digest,
    config: parseBaseConfig(found.config),
    layers: layers.map((layer) => ({ ...layer, mediaType: ociType(layer.mediaType) })),
  };
}

/** @returns null for what is no base image */
function openSource(name: string, options: PullOptions): Registry | null {
  const tar = parseTarReference(name);
  if (tar !== null) return openTar(tar, options);
  const reference = parseReference(name);
  return reference && openRegistry(reference, options);
}

async function lookUp(registry: Registry, architecture: string): Promise<KnownBase> {
  const { digest, text } = await registry.manifest(architecture);
  return { digest, manifest: text, config: await registry.text(parseManifest(text).config.digest) };
}

async function copyLayers(
  task: Task,
  step: StepContext,
  registry: Registry,
  layers: readonly { readonly digest: string; readonly key: string; readonly sizeBytes: number }[],
): Promise<void> {
  const directory = join(task.paths.work, "base");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const files: BlobFile[] = [];
  for (const { digest, sizeBytes } of layers) {
    const file = join(directory, digest.slice("sha256:".length));
    await download(registry, digest, sizeBytes, file);
    files.push({ digest, sizeBytes, file });
  }
  await holdAll(
    task,
    step,
    layers.map(({ key }) => key),
  );
  const bytes = await uploadMissing(task, step, files);
  step.line(`base image ${task.config.baseImage}: ${describeBytes(bytes)} copied`);
}

async function download(registry: Registry, digest: string, sizeBytes: number, file: string): Promise<void> {
  const hash = createHash("sha256");
  let bytes = 0;
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      done(bytes > sizeBytes ? new Error("longer than announced") : null, chunk);
    },
  });
  await pipeline(await registry.blob(digest), counting, createWriteStream(file, { mode: 0o600 }));
  if (bytes === sizeBytes && `sha256:${hash.digest("hex")}` === digest) return;
  throw new BuildFailure(
    `The layer ${digest} of the base image arrived with other bytes than it should have: build again.`,
  );
}
