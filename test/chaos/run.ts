/**
 * One chaotic run: builds are posted, mishaps happen, everything calms down, and the invariants are checked.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import { getBuilds } from "#adapters/dynamodb/builds.ts";
import { type Db, openDb } from "#adapters/dynamodb/db.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import type { Build } from "#core/build/build.ts";
import { isFinal, stateOf } from "#core/build/state-machine.ts";
import { TEST_CREDENTIALS } from "#local/ministack.ts";
import { processesOf } from "#test/kit/build-task.ts";
import { type Check, checkAll, unnamedObjects } from "./check.ts";
import { type TaskWrite, taskWriteOf } from "./journal.ts";
import { Mishaps } from "./mishaps.ts";
import { type People, peopleOf } from "./people.ts";
import { planOf } from "./plan.ts";
import { randomOf } from "./random.ts";
import { type ChaosStack, startChaosStack } from "./stack.ts";
import { Tally } from "./tally.ts";

export interface ChaosOptions {
  readonly builds: number;
  readonly seed: number;
  /** The whole run ends within so many minutes, or fails. */
  readonly minutesMax: number;
  readonly say: (line: string) => void;
}

export interface ChaosReport {
  readonly mishaps: readonly (readonly [string, number])[];
  readonly builds: readonly Build[];
  readonly checks: readonly Check[];
  /** Products in the bucket that no build names. */
  readonly unnamed: number;
  readonly seconds: number;
}

const TROUBLE_RATE = 0.04;
const SLOTS = 3;
/** What is left to come to rest when builds do not end in time. */
const CALM_MS_MAX = 60_000;
/** Posted and not ended. */
const UNDER_WAY_MAX = 12;
const KILLED_FUNCTIONS = ["api", "dispatch", "finish", "store", "sweep"] as const;

/** @throws Error when the run cannot be made; what it finds is in the report */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, say } = options;
  const startedMs = performance.now();
  const endMs = startedMs + options.minutesMax * 60_000;
  const tally = new Tally();
  const journal: TaskWrite[] = [];
  const over = new AbortController();
  const parts: { stack?: ChaosStack; db?: Db; people?: People } = {};
  const got = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error("not ready yet");
    return part;
  };
  const mishaps = new Mishaps({
    seed,
    tally,
    stack: () => got(parts.stack),
    db: () => got(parts.db),
    people: () => got(parts.people),
    signal: over.signal,
  });
  const killsOfFunctions = functionKiller(seed, tally, () => parts.stack, over.signal);
  Object.assign(process.env, TEST_CREDENTIALS);
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  const stack = await startChaosStack({
    seed,
    tally,
    onBroken: broken.reject,
    slots: SLOTS,
    troubleRate: TROUBLE_RATE,
    before: async (asked) => {
      killsOfFunctions(asked.by);
      await mishaps.see(asked, "before");
    },
    after: async (asked, status) => {
      const write = asked.by === "task" && status === 200 ? taskWriteOf(asked) : null;
      if (write) journal.push(write);
      killsOfFunctions(asked.by);
      await mishaps.see(asked, "after");
    },
  });
  try {
    const db = openDb({ table: stack.table, endpoint: stack.aws, region: TEST_CREDENTIALS.AWS_REGION });
    Object.assign(parts, { stack, db, people: await peopleOf(stack) });
    process.env["AWS_ENDPOINT_URL"] = stack.aws;
    const bucket = openBucket(stack.bucket, db.client);
    const work = async (): Promise<number[]> => {
      const ids = await postAll(options, db, got(parts.people), mishaps, endMs);
      await untilEnded(db, ids, endMs - CALM_MS_MAX, say);
      return ids;
    };
    const ids = await Promise.race([work(), broken.promise]);
    over.abort();
    await mishaps.settled();
    stack.calm();
    say("calm: no more mishaps");
    const state = { stack, db, bucket, journal, choices: mishaps.choices, posted: ids };
    const { builds, checks } = await checkAll(state, endMs);
    const unnamed = (await unnamedObjects(bucket, builds)).length;
    await stack.close();
    const left = processesOf(stack.home);
    checks.push({ name: "no process left", faults: left.map((pid) => `process ${pid}`) });
    const seconds = (performance.now() - startedMs) / 1000;
    return { mishaps: tally.entries(), builds, checks, unnamed, seconds };
  } finally {
    over.abort();
    await stack.close();
  }
}

async function postAll(
  { seed, builds, say }: ChaosOptions,
  db: Db,
  people: People,
  mishaps: Mishaps,
  endMs: number,
): Promise<number[]> {
  const ids: number[] = [];
  const byEnvironment = new Map<string, number[]>();
  for (const planned of planOf(seed, builds)) {
    while (performance.now() < endMs && (await underWay(db, ids)).length >= UNDER_WAY_MAX) await pause(300);
    const { namespace, environment: name, packages: dependencies } = planned;
    const id = await people.post(namespace, { name, dependencies });
    ids.push(id);
    const earlier = byEnvironment.get(`${namespace}/${name}`) ?? [];
    mishaps.arm(id, planned, [...earlier]);
    byEnvironment.set(`${namespace}/${name}`, [...earlier, id]);
    if (ids.length % 10 === 0) say(`${ids.length} of ${builds} builds posted`);
  }
  return ids;
}

/** Those of the builds that have not ended. */
async function underWay(db: Db, ids: readonly number[]): Promise<Build[]> {
  const builds = await getBuilds(db, ids);
  return [...builds.values()].filter((build) => !isFinal(stateOf(build)));
}

async function untilEnded(
  db: Db,
  ids: readonly number[],
  endMs: number,
  say: (line: string) => void,
): Promise<void> {
  let left = await underWay(db, ids);
  for (let said = left.length; left.length > 0 && performance.now() < endMs; left = await underWay(db, ids)) {
    if (said - left.length >= 10) {
      said = left.length;
      say(`${left.length} builds have not ended yet`);
    }
    await pause(300);
  }
}

/** Kills containers at an instant between two of their requests, again and again. */
function functionKiller(
  seed: number,
  tally: Tally,
  stack: () => ChaosStack | undefined,
  signal: AbortSignal,
): (by: string) => void {
  const next = new Map(
    KILLED_FUNCTIONS.map((name) => {
      const random = randomOf(seed, `kills of ${name}`);
      return [name as string, { random, left: random.int(10, 80) }];
    }),
  );
  return (by) => {
    const one = next.get(by);
    if (!one || signal.aborted) return;
    one.left -= 1;
    if (one.left > 0) return;
    one.left = one.random.int(20, 120);
    if (stack()?.functions[by as (typeof KILLED_FUNCTIONS)[number]].kill())
      tally.add(`killed: function ${by}`);
  };
}
