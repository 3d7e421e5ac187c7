/**
 * Rounds in turns: a build of ours, the bare engine's create of its lock, and again; each with empty caches.
 * @module
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { deleteObject, getObject, listObjects } from "#adapters/s3/objects.ts";
import { lockKey, PREFIXES, prefixPath } from "#core/layout.ts";
import type { Lock } from "#core/lock/lock.ts";
import { parseCondaLock } from "#core/lock/parse-conda-lock.ts";
import type { Engine } from "#core/ports.ts";
import { type BareCreate, createBare } from "./bare-engine.ts";
import { type OurBuild, type OurSetup, runOurBuild } from "./our-build.ts";

export interface Round {
  readonly ours: OurBuild;
  readonly bare: BareCreate;
}

export interface Rounds {
  readonly rounds: readonly Round[];
  readonly packages: number;
}

export interface BenchRequest {
  readonly setup: OurSetup;
  readonly engine: Engine;
  /** Names the namespaces. */
  readonly name: string;
  readonly packages: readonly string[];
  readonly channels: readonly string[];
  readonly rounds: number;
  /** Everything is made below it. */
  readonly directory: string;
  readonly log: (line: string) => void;
  readonly onBuild: (build: OurBuild) => void;
}

/**
 * Nothing is removed: for half a minute ext4 looks a removed file over whenever it makes a new one, which made a round of
 * 15,000 files four times as slow as the one before.
 * @throws LocalError, EngineError when either of the two does not get through
 */
export async function runRounds(request: BenchRequest): Promise<Rounds> {
  const { setup, engine, name, packages, channels, log, directory } = request;
  const rounds: Round[] = [];
  let count = 0;
  for (let number = 1; number <= request.rounds; number += 1) {
    settle();
    const home = join(directory, `ours-${number}`);
    const ours = await runOurBuild(setup, { namespace: `${name}-${number}`, home, packages, channels });
    request.onBuild(ours);
    const lock = await readLock(setup, ours);
    count = lock.packages.length;
    settle();
    const bareHome = join(directory, `bare-${number}`);
    const bare = await createBare(engine, lock, bareHome, barePrefix(bareHome, ours));
    rounds.push({ ours, bare });
    const bareSeconds = bare.createSeconds + bare.compileSeconds;
    log(
      `${name}, round ${number}: build ${ours.seconds.toFixed(2)} s, bare engine ${bareSeconds.toFixed(2)} s`,
    );
    await forgetArchives(setup);
  }
  return { rounds, packages: count };
}

/** The lock that a build made. */
export async function readLock({ aws, platform }: OurSetup, { build }: OurBuild): Promise<Lock> {
  const text = await getObject(aws.bucket, lockKey(build.lockDigest ?? ""));
  if (text === null) throw new Error("the build left no lockfile");
  return parseCondaLock(JSON.parse(text.toString("utf8")), platform);
}

/** Of the same length as the build's, below another directory. */
function barePrefix(home: string, { build }: OurBuild): string {
  return join(home, "store", prefixPath(build.namespace, build.buildKey));
}

/** What a round wrote must not be written out in the time of the next one. */
export function settle(): void {
  execFileSync("sync");
}

/** The local S3 keeps objects in memory. */
async function forgetArchives({ aws }: OurSetup): Promise<void> {
  for (const { key } of await listObjects(aws.bucket, PREFIXES.archives)) await deleteObject(aws.bucket, key);
}
