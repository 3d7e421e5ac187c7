/**
 * image: the environment as a container image, at the same place in all of them. Its layers are made once for each package, or
 * bucket of small ones, and shared by all images that have it.
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eachOf } from "#adapters/disk/each-file.ts";
import { getLayers, type KnownLayer, putLayer } from "#adapters/dynamodb/image-layers.ts";
import type { Artifact } from "#core/build/status.ts";
import {
  ENTRYPOINT,
  ENTRYPOINT_SCRIPT,
  IMAGE_HOME,
  IMAGE_PREFIX,
  IMAGE_USER,
  renderConfig,
} from "#core/image/config.ts";
import { layerKeyOf } from "#core/image/layer-key.ts";
import { digestOf, OCI_CONFIG, OCI_LAYER, renderManifest } from "#core/image/manifest.ts";
import { planLayers } from "#core/image/plan.ts";
import type { Lock, LockedPackage } from "#core/lock/lock.ts";
import { redact } from "#core/redact.ts";
import { describeBytes } from "../failure.ts";
import { type BaseImage, baseImage, baseNameOf } from "../image/base-image.ts";
import { type BlobFile, borrow, holdAll, keyOfBlob, uploadMissing } from "../image/blobs.ts";
import { type LayerJob, makeLayers } from "../image/make-layers.ts";
import { BASE_NAME, publishImage } from "../image/publish-image.ts";
import { type PrefixPackage, pythonMinor } from "../prefix.ts";
import type { StepContext, Task } from "../task.ts";

const HANDS = 16;

export interface ImageInput {
  readonly lock: Lock;
  readonly lockDigest: string;
  readonly installed: readonly PrefixPackage[];
  /** Something but the engine may have written to the tree: link scripts, or pip. */
  readonly changed: boolean;
}

/** A package with what its lock says of it. */
interface ImagePackage extends PrefixPackage {
  readonly locked: LockedPackage;
}

/** A layer of packages before it is made or found. */
interface Group {
  readonly key: string;
  readonly packages: readonly ImagePackage[];
}

/** @throws BuildFailure when there is no base image; StreamedCommandError */
export async function image(task: Task, step: StepContext, input: ImageInput): Promise<Artifact> {
  const base = await baseImage(task, step, input.lock.platform);
  const groups = groupsOf(task, input);
  const known = await findKnown(task, step, groups);
  const missing = groups.filter(({ key }) => !known.has(key));
  const made = await make(task, step, input, missing);
  const layers = [...groups.map(({ key }) => known.get(key) ?? made.get(key)), made.get(REST)].map(mustBe);
  const whats = [
    ...groups.map(({ packages }) => packages.map(nameOf).join(" ")),
    "what belongs to no package",
  ];

  const labels = labelsOf(task, input, base);
  const config = renderConfig({
    platform: input.lock.platform,
    base: base?.config ?? null,
    layers: layers.map(({ diffId }, i) => ({ diffId, what: whats[i] ?? "" })),
    labels,
  });
  const manifest = renderManifest({
    config: { mediaType: OCI_CONFIG, digest: digestOf(config), size: Buffer.byteLength(config) },
    layers: [
      ...(base?.layers ?? []),
      ...layers.map(({ digest, sizeBytes }) => ({ mediaType: OCI_LAYER, digest, size: sizeBytes })),
    ],
    annotations: labels,
  });
  const file = await keepConfig(task, config);
  await holdAll(task, step, [
    keyOfBlob(file.digest),
    ...[...made.values()].map(({ digest }) => keyOfBlob(digest)),
  ]);
  const uploadedBytes = await uploadMissing(task, step, [...made.values(), file]);
  await remember(task, step, input, groups, new Map([...known, ...made]));
  const allBytes = layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  step.line(
    `${layers.length} layers, ${describeBytes(allBytes)}: ${known.size} known, ${made.size} made, ${describeBytes(uploadedBytes)} uploaded`,
  );
  return await publishImage(task, step, manifest, input.lockDigest);
}

/** Of the layer of what belongs to no package, which no key tells. */
const REST = "rest";
const nameOf = ({ name, version, build }: PrefixPackage): string => `${name}-${version}-${build}`;

function mustBe<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a layer was not made");
  return value;
}

function groupsOf(task: Task, { lock, installed }: ImageInput): Group[] {
  const locked = new Map(lock.packages.map((each) => [each.name, each]));
  const packages = installed.map((each): ImagePackage => {
    const found = locked.get(each.name);
    if (found === undefined) throw new Error(`the package ${each.name} is in no lock`);
    return { ...each, locked: found };
  });
  const site = sitePackagesOf(installed);
  return planLayers(packages).map((group) => {
    const hasPython = group.some(
      ({ isNoarchPython, paths }) => isNoarchPython || paths.some(({ path }) => path.startsWith(`${site}/`)),
    );
    const key = layerKeyOf({
      namespace: task.build.namespace,
      prefix: IMAGE_PREFIX,
      sitePackages: hasPython ? site : null,
      packages: group.map((each) => each.locked),
    });
    return { key, packages: group };
  });
}

function sitePackagesOf(installed: readonly PrefixPackage[]): string | null {
  const minor = pythonMinor(installed);
  return minor && `lib/python${minor}/site-packages`;
}

/** Layers that need neither be read nor be made. */
async function findKnown(
  task: Task,
  step: StepContext,
  groups: readonly Group[],
): Promise<Map<string, KnownLayer>> {
  const noted = await getLayers(
    task.db,
    groups.map(({ key }) => key),
    new Date(),
  );
  const objects = [...noted.values()].map(({ digest, sizeBytes }) => ({ key: keyOfBlob(digest), sizeBytes }));
  const there = await borrow(task, step, objects);
  return new Map([...noted].filter(([, { digest }]) => there.has(keyOfBlob(digest))));
}

type Made = KnownLayer & BlobFile;

/** By group key; and the layer of the rest. */
async function make(
  task: Task,
  step: StepContext,
  { installed, changed }: ImageInput,
  groups: readonly Group[],
): Promise<Map<string, Made>> {
  const record = (each: PrefixPackage): string => `${nameOf(each)}.json`;
  const sizeOf = (packages: readonly PrefixPackage[]): number =>
    packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const jobs: LayerJob[] = groups.map(({ packages }, id) => ({
    id,
    kind: "packages",
    records: packages.map(record),
    sizeBytes: sizeOf(packages),
  }));
  // Where nothing was changed it is next to empty; else every file may have to be looked at.
  const rest = { id: groups.length, kind: "rest", records: installed.map(record) } as const;
  jobs.push({ ...rest, sizeBytes: changed ? sizeOf(installed) : 0 });
  const minor = pythonMinor(installed);
  const layers = await makeLayers(task, step, {
    jobs,
    target: IMAGE_PREFIX,
    sitePackages: sitePackagesOf(installed),
    python: minor && `bin/python${minor}`,
    compare: changed,
    extra: [
      { path: IMAGE_HOME.slice(1), mode: 0o755, owner: [IMAGE_USER.uid, IMAGE_USER.gid], text: null },
      { path: ENTRYPOINT.slice(1), mode: 0o755, owner: [0, 0], text: ENTRYPOINT_SCRIPT },
    ],
  });
  return new Map(layers.map((layer) => [groups[layer.job]?.key ?? REST, layer]));
}

function labelsOf(task: Task, { lockDigest }: ImageInput, base: BaseImage | null): Record<string, string> {
  return {
    "org.opencontainers.image.revision": lockDigest,
    [BASE_NAME]: redact(baseNameOf(task)),
    ...(base === null ? {} : { "org.opencontainers.image.base.digest": base.digest }),
  };
}

async function keepConfig(task: Task, config: string): Promise<BlobFile> {
  const directory = join(task.paths.work, "layers");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, "config.json");
  await writeFile(file, config, { mode: 0o600 });
  return { digest: digestOf(config), sizeBytes: Buffer.byteLength(config), file };
}

/** Link scripts and pip may have reached into the unpacked packages: what was made then is for this build alone. */
async function remember(
  { db }: Task,
  { signal }: StepContext,
  { changed }: ImageInput,
  groups: readonly Group[],
  layers: ReadonlyMap<string, KnownLayer>,
): Promise<void> {
  if (changed) return;
  await eachOf(groups, HANDS, signal, async ({ key }) => {
    const { digest, diffId, sizeBytes } = mustBe(layers.get(key));
    await putLayer(db, key, { digest, diffId, sizeBytes }, new Date());
  });
}
