/**
 * The same specification again: a build that finds everything made, against one solve; rounds in turns.
 * @module
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { listObjects } from "#adapters/s3/objects.ts";
import { PREFIXES } from "#core/layout.ts";
import { solveBare } from "./bare-engine.ts";
import { type OurBuild, type OurSetup, runOurBuild } from "./our-build.ts";
import { type BenchRequest, readLock, settle } from "./rounds.ts";

export interface AgainRound {
  readonly ours: OurBuild;
  readonly solveSeconds: number;
}

export interface Again {
  readonly rounds: readonly AgainRound[];
  /** Objects that a repetition made, changed or removed, but for logs; empty is right. */
  readonly changedObjects: readonly string[];
}

/** Where a round takes but a second or two, more of them tell its tenths apart. */
const SHORT_ROUNDS = 9;
const SHORT_SECONDS = 60;

/** @throws LocalError, EngineError when either of the two does not get through */
export async function runAgain(request: BenchRequest): Promise<Again> {
  const { setup, engine, name, packages, channels, directory, log, onBuild } = request;
  const our = { namespace: name, home: join(directory, "ours"), packages, channels };
  const first = await runOurBuild(setup, our);
  onBuild(first);
  const lock = await readLock(setup, first);
  const before = await listBytes(setup);
  const rounds: AgainRound[] = [];
  const started = performance.now();
  const isShort = (): boolean => performance.now() - started < SHORT_SECONDS * 1000;
  for (let number = 1; number <= request.rounds || (number <= SHORT_ROUNDS && isShort()); number += 1) {
    settle();
    const ours = await runOurBuild(setup, our);
    onBuild(ours);
    const home = join(directory, `solve-${number}`);
    mkdirSync(home, { recursive: true });
    settle();
    const solveSeconds = await solveBare(engine, lock, packages, home);
    // As a build does with its own.
    rmSync(home, { recursive: true });
    rounds.push({ ours, solveSeconds });
    log(`again, round ${number}: build ${ours.seconds.toFixed(3)} s, one solve ${solveSeconds.toFixed(3)} s`);
  }
  const after = await listBytes(setup);
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return { rounds, changedObjects: keys.filter((key) => before.get(key) !== after.get(key)) };
}

/** Every object but logs, with its size. */
async function listBytes({ aws }: OurSetup): Promise<Map<string, number>> {
  const objects = await listObjects(aws.bucket, "");
  return new Map(
    objects.filter(({ key }) => !key.startsWith(PREFIXES.logs)).map(({ key, sizeBytes }) => [key, sizeBytes]),
  );
}
