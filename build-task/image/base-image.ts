/**
 * The base image: what its reference means, and its layers in our bucket, copied once.
 * @module
 */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  getBaseImage,
  type KnownBase,
  noteCopied,
  putBaseImage,
  wasCopied,
} from "#adapters/dynamodb/image-layers.ts";
import { AppError } from "#core/errors.ts";
import { architectureOf, type BaseConfig, parseBaseConfig } from "#core/image/config.ts";
import { type Descriptor, ociType, parseManifest } from "#core/image/manifest.ts";
import { LAYERS_MAX } from "#core/image/plan.ts";
import { FROM_NOTHING, parseReference, parseTarReference } from "#core/image/reference.ts";
import { redact } from "#core/redact.ts";
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

/** As it was set when the build was asked for; the deployment's, where nobody said. */
export const baseNameOf = ({ build, settings }: Pick<Task, "build" | "settings">): string =>
  build.baseImage ?? settings.default_docker_base_image;

/**
 * The base image of this build, all of whose layers are held and in the bucket.
 * @returns null for an image from nothing
 * @throws BuildFailure when it cannot be copied
 */
export async function baseImage(task: Task, step: StepContext, platform: string): Promise<BaseImage | null> {
  const name = baseNameOf(task);
  if (name === FROM_NOTHING) return null;
  const advice = adviceFor(task, name);
  const architecture = architectureOf(platform);
  const registry = openSource(name, {
    allowPrivateHosts: task.config.allowedPrivateHosts,
    keys: () => registryKeysOf(task),
    signal: step.signal,
    advice,
  });
  if (registry === null || architecture === null) {
    throw new BuildFailure(`There is no base image ${redact(name)} for ${platform}. ${advice}`);
  }
  const broken = (what: string): BuildFailure =>
    new BuildFailure(`The base image ${redact(name)} cannot be used: ${what}. ${advice}`);
  const known = await getBaseImage(task.db, name, platform, new Date());
  const found = known ?? (await lookUp(registry, architecture, broken));
  const { layers, config } = readBase(found, architecture, broken);
  // One that is there several times, as empty layers often are, is copied once; by another size it would be another one.
  const different = new Map(layers.map((layer) => [`${layer.digest} ${layer.size}`, layer])).values();
  const blobs = [...different].map(({ digest, size }) => ({
    digest,
    key: keyOfBlob(digest),
    sizeBytes: size,
  }));
  const isProven = known !== null || (await wasCopied(task.db, found.digest, new Date()));
  const there = isProven ? await borrow(task, step, blobs) : new Set<string>();
  const missing = blobs.filter(({ key }) => !there.has(key));
  if (missing.length > 0) await copyLayers(task, step, registry, missing, broken);
  if (known === null) {
    if (!isProven) await noteCopied(task.db, found.digest, new Date());
    await putBaseImage(task.db, name, platform, found, new Date()).catch((error: unknown) => {
      throw error instanceof AppError && error.code === "invalid_request"
        ? broken("its configuration is too large")
        : error;
    });
  }
  return {
    digest: found.digest,
    config,
    layers: layers.map((layer) => ({ ...layer, mediaType: ociType(layer.mediaType) })),
  };
}

/** Who can do something about it: the deployment's image is the operator's, another one is whose setting it was. */
const adviceFor = ({ settings }: Task, name: string): string =>
  name === settings.default_docker_base_image
    ? "Ask the operator to look at it (baseImage)."
    : "Set another one (default_docker_base_image) and build again, or ask the operator.";

type Broken = (what: string) => BuildFailure;

/** What registries say is not to be believed: what we go on from must be a manifest and a configuration that belong together. */
function readBase(
  found: KnownBase,
  architecture: string,
  broken: Broken,
): { readonly layers: readonly Descriptor[]; readonly config: BaseConfig } {
  const { layers } = orBroken(() => parseManifest(found.manifest), broken);
  const config = orBroken(() => parseBaseConfig(found.config), broken);
  const { os, architecture: own, rootfs } = config;
  if (os !== "linux" || own !== architecture) {
    throw broken(`it is for ${os} on ${own}, and this environment for linux on ${architecture}`);
  }
  if (rootfs.diff_ids.length !== layers.length) {
    throw broken(`it has ${layers.length} layers, and ${rootfs.diff_ids.length} by its configuration`);
  }
  if (layers.length > BASE_LAYERS_MAX) {
    throw broken(`it has ${layers.length} layers, and ${BASE_LAYERS_MAX} are the most`);
  }
  return { layers, config };
}

function orBroken<T>(read: () => T, broken: Broken): T {
  try {
    return read();
  } catch (error) {
    throw broken(error instanceof Error ? error.message : String(error));
  }
}

/** What runs containers lays no more than 127 layers over each other; the rest may all be ours. */
const BASE_LAYERS_MAX = 127 - LAYERS_MAX;

/** @returns null for what is no base image */
function openSource(name: string, options: PullOptions): Registry | null {
  const tar = parseTarReference(name);
  if (tar !== null) return openTar(tar, options);
  const reference = parseReference(name);
  return reference && openRegistry(reference, options);
}

async function lookUp(registry: Registry, architecture: string, broken: Broken): Promise<KnownBase> {
  const { digest, text } = await registry.manifest(architecture);
  const { config } = orBroken(() => parseManifest(text), broken);
  return { digest, manifest: text, config: await registry.text(config.digest) };
}

async function copyLayers(
  task: Task,
  step: StepContext,
  registry: Registry,
  layers: readonly { readonly digest: string; readonly key: string; readonly sizeBytes: number }[],
  broken: Broken,
): Promise<void> {
  const directory = join(task.paths.work, "base");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const bytes = layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const { bavail, bsize } = await statfs(directory);
  if (bytes > bavail * bsize) {
    const room = `${describeBytes(bytes)}, and the task's disk has ${describeBytes(bavail * bsize)} left`;
    throw broken(`it is too large: its layers have ${room} (taskDiskGiB)`);
  }
  const files: BlobFile[] = [];
  for (const { digest, sizeBytes } of layers) {
    const file = join(directory, digest.slice("sha256:".length));
    await download(registry, { digest, sizeBytes, file }, broken);
    files.push({ digest, sizeBytes, file });
  }
  await holdAll(
    task,
    step,
    layers.map(({ key }) => key),
  );
  const uploadedBytes = await uploadMissing(task, step, files);
  step.line(
    `base image ${redact(baseNameOf(task))}: ${describeBytes(bytes)} copied, ${describeBytes(uploadedBytes)} of it new`,
  );
}

async function download(
  registry: Registry,
  { digest, sizeBytes, file }: BlobFile,
  broken: Broken,
): Promise<void> {
  const other = (): BuildFailure =>
    broken(`its layer ${digest} arrived with other bytes than it should have`);
  const hash = createHash("sha256");
  let bytes = 0;
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      done(bytes > sizeBytes ? other() : null, chunk);
    },
  });
  await pipeline(await registry.blob(digest), counting, createWriteStream(file, { mode: 0o600 }));
  if (bytes !== sizeBytes || `sha256:${hash.digest("hex")}` !== digest) throw other();
}
