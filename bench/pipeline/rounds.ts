/**
 * Rounds in turns: a build of ours, the bare engine's create of its lock, and again; each with empty caches.
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { deleteObject, getObject, listObjects } from "#adapters/s3/objects.ts";
import { lockKey, PREFIXES, prefixPath } from "#core/layout.ts";
import type { Lock } from "#core/lock/lock.ts";
import { parseCondaLock } from "#core/lock/parse-conda-lock.ts";
import type { Engine } from "#core/ports.ts";
import { type BareCreate, createBare, solveBare } from "./bare-engine.ts";
import { type OurBuild, type OurRequest, type OurSetup, runOurBuild } from "./our-build.ts";

export interface Round {
  readonly ours: OurBuild;
  readonly bare: BareCreate;
}

/** The same specification again, against one solve. */
export interface AgainRound {
  readonly ours: OurBuild;
  readonly solveSeconds: number;
}

export interface Rounds {
  readonly rounds: readonly Round[];
  readonly again: readonly AgainRound[];
  readonly packages: number;
  /** Objects that a repetition made, changed or removed, but for logs; empty is right. */
  readonly changedObjects: readonly string[];
}

export interface RoundsRequest {
  readonly setup: OurSetup;
  readonly engine: Engine;
  /** Names the namespaces. */
  readonly name: string;
  readonly packages: readonly string[];
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
export async function runRounds(request: RoundsRequest): Promise<Rounds> {
  const { setup, engine, name, packages, log, directory } = request;
  const rounds: Round[] = [];
  for (let number = 1; ; number += 1) {
    const home = join(directory, `ours-${number}`);
    const our = { namespace: `${name}-${number}`, home, packages };
    settle();
    const ours = await runOurBuild(setup, our);
    request.onBuild(ours);
    const lock = await readLock(setup, ours);
    const bareHome = join(directory, `bare-${number}`);
    settle();
    const bare = await createBare(engine, lock, bareHome, barePrefix(bareHome, ours));
    rounds.push({ ours, bare });
    const bareSeconds = bare.createSeconds + bare.compileSeconds;
    log(`round ${number}: build ${ours.seconds.toFixed(2)} s, bare engine ${bareSeconds.toFixed(2)} s`);
    if (number === request.rounds) {
      return { rounds, ...(await repeat(request, our, lock)), packages: lock.packages.length };
    }
    await forgetArchives(setup);
  }
}

async function repeat(
  { setup, engine, packages, rounds, directory, log, onBuild }: RoundsRequest,
  our: OurRequest,
  lock: Lock,
): Promise<Pick<Rounds, "again" | "changedObjects">> {
  const before = await listBytes(setup);
  const again: AgainRound[] = [];
  for (let number = 1; number <= rounds; number += 1) {
    const ours = await runOurBuild(setup, our);
    onBuild(ours);
    const home = join(directory, `solve-${number}`);
    mkdirSync(home, { recursive: true });
    const solveSeconds = await solveBare(engine, lock, packages, home);
    again.push({ ours, solveSeconds });
    log(`again ${number}: build ${ours.seconds.toFixed(3)} s, one solve ${solveSeconds.toFixed(3)} s`);
  }
  const after = await listBytes(setup);
  const keys = new Set([...before.keys(), ...after.keys()]);
  return { again, changedObjects: [...keys].filter((key) => before.get(key) !== after.get(key)).sort() };
}

async function readLock({ aws, platform }: OurSetup, { build }: OurBuild): Promise<Lock> {
  const text = await getObject(aws.bucket, lockKey(build.lockDigest ?? ""));
  if (text === null) throw new Error("the build left no lockfile");
  return parseCondaLock(JSON.parse(text.toString("utf8")), platform);
}

/** Of the same length as the build's, below another directory. */
function barePrefix(home: string, { build }: OurBuild): string {
  return join(home, "store", prefixPath(build.namespace, build.buildKey));
}

/** What a round wrote must not be written out in the time of the next one. */
function settle(): void {
  execFileSync("sync");
}

/** The local S3 keeps objects in memory. */
async function forgetArchives({ aws }: OurSetup): Promise<void> {
  for (const { key } of await listObjects(aws.bucket, PREFIXES.archives)) await deleteObject(aws.bucket, key);
}

/** Every object but logs, with its size. */
async function listBytes({ aws }: OurSetup): Promise<Map<string, number>> {
  const objects = await listObjects(aws.bucket, "");
  return new Map(
    objects.filter(({ key }) => !key.startsWith(PREFIXES.logs)).map(({ key, sizeBytes }) => [key, sizeBytes]),
  );
}
