/**
 * One round: three images of a namespace that has none yet, each beside one fat layer of the same environment.
 * @module
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { deleteObject, getObject, listObjects } from "#adapters/s3/objects.ts";
import type { ArtifactType } from "#core/build/status.ts";
import { type Manifest, parseManifest } from "#core/image/manifest.ts";
import { PREFIXES } from "#core/layout.ts";
import type { DemoChannel } from "#local/demo-channel.ts";
import { LocalError } from "#local/local-error.ts";
import { type OurBuild, type OurSetup, runOurBuild } from "../pipeline/our-build.ts";
import { readLock, settle } from "../pipeline/rounds.ts";

export const IMAGES = ["first", "second", "more"] as const;
export type ImageName = (typeof IMAGES)[number];
export type Environments = Readonly<Record<ImageName, readonly string[]>>;

export interface ImageBuild {
  readonly ours: OurBuild;
  readonly packages: number;
  /** Of the step that makes the image: what it takes beyond the install. */
  readonly seconds: number;
  readonly manifest: Manifest;
  /** By which the bucket's images grew. */
  readonly addedBytes: number;
  readonly fat: FatLayer;
}

export interface FatLayer {
  readonly seconds: number;
  readonly bytes: number;
}

export interface Round {
  readonly builds: Readonly<Record<ImageName, ImageBuild>>;
}

/** Of these the channel has an older version too, which the second environment asks for: a tenth of all. */
const OLDER = ["attrs <26", "click <8.2", "idna <3.10", "packaging <25"];
/** Large, and asked for by nothing else. */
const ONE_MORE = "scipy";

/** About 40 packages with what they depend on; the second one shares nine tenths of them, the third has one more. */
export function environmentsOf({ environments }: Pick<DemoChannel, "environments">): Environments {
  const { large = [] } = environments;
  const first = large.filter((name) => name !== ONE_MORE);
  const older = new Set(OLDER.map((spec) => spec.split(" ")[0]));
  return {
    first,
    second: [...first.filter((name) => !older.has(name)), ...OLDER],
    more: [...first, ONE_MORE],
  };
}

export interface RoundRequest {
  readonly setup: OurSetup;
  readonly channel: string;
  readonly environments: Environments;
  readonly namespace: string;
  /** Everything is made below it. */
  readonly home: string;
  readonly verbose: boolean;
  readonly say: (line: string) => void;
}

/** @throws LocalError when a build does not get through */
export async function runRound(request: RoundRequest): Promise<Round> {
  await forgetImages(request.setup);
  const first = await runImage(request, "first");
  const second = await runImage(request, "second");
  const more = await runImage(request, "more");
  return { builds: { first, second, more } };
}

async function runImage(request: RoundRequest, name: ImageName): Promise<ImageBuild> {
  const { setup, namespace, channel, environments, verbose, say } = request;
  const home = join(request.home, name);
  const packages = environments[name];
  const before = await imageBytes(setup);
  settle();
  // Nothing else is at work while the image is made, nor beside the fat layer.
  const ours = await runOurBuild(setup, {
    ...{ namespace, home, packages, channels: [channel] },
    inPlace: true,
  });
  if (verbose) for (const line of ours.log) say(`${line.at} [${line.step}] ${line.text}`);
  const addedBytes = (await imageBytes(setup)) - before;
  const step = ours.parts.find((part) => part.name === "image");
  const keyOf = (wanted: ArtifactType): string =>
    ours.build.artifacts.find(({ type }) => type === wanted)?.key ?? "none";
  const text = await getObject(setup.aws.bucket, keyOf("DOCKER_MANIFEST"));
  if (step === undefined || text === null) throw new LocalError("The build left no image.");
  const manifest = parseManifest(text.toString("utf8"));
  settle();
  const fat = makeFatLayer(keyOf("DIRECTORY"));
  const { packages: locked } = await readLock(setup, ours);
  say(`${namespace}, ${name}: image ${step.seconds.toFixed(2)} s, fat layer ${fat.seconds.toFixed(2)} s`);
  return { ours, packages: locked.length, seconds: step.seconds, manifest, addedBytes, fat };
}

/** What is done without a registry of one's own: everything in one layer, made anew for each change. */
function makeFatLayer(prefix: string): FatLayer {
  const started = performance.now();
  const script = 'tar --create --file=- --directory="$1" . | gzip | wc -c';
  const bytes = Number(execFileSync("sh", ["-c", script, "sh", prefix], { encoding: "utf8" }));
  return { seconds: (performance.now() - started) / 1000, bytes };
}

const KEPT = [PREFIXES.blobs, PREFIXES.manifests] as const;

async function imageBytes({ aws }: OurSetup): Promise<number> {
  const objects = await Promise.all(KEPT.map((prefix) => listObjects(aws.bucket, prefix)));
  return objects.flat().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** So that a round's first image finds nothing; the local S3 keeps objects in memory, too. */
async function forgetImages({ aws }: OurSetup): Promise<void> {
  for (const prefix of KEPT) {
    for (const { key } of await listObjects(aws.bucket, prefix)) await deleteObject(aws.bucket, key);
  }
}
