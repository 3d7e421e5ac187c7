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
import { type Check, checkAll } from "./check.ts";
import { Deeds } from "./deeds.ts";
import { type BuildEnd, endsOf, type TaskWrite, taskWriteOf } from "./journal.ts";
import { removeLeftGroups } from "./memory-groups.ts";
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
  /** All that were accepted, as they were when they ended; some have been deleted since. */
  readonly ended: readonly Pick<BuildEnd, "build" | "status" | "statusInfo">[];
  /** How many builds needed how many attempts. */
  readonly attempts: ReadonlyMap<number, number>;
  /** Builds that are still there. */
  readonly builds: readonly Build[];
  readonly checks: readonly Check[];
  readonly seconds: number;
}

const TROUBLE_RATE = 0.04;
const SLOTS = 3;
/** What is left to come to rest when builds do not end in time. */
const CALM_MS_MAX = 60_000;
/** After a request, for a function to be killed at what it does next. */
const LATER_MS_MAX = 30;
/** Posted and not ended. */
const UNDER_WAY_MAX = 12;
/** Run on half of the environments, as the stranger. */
const TESTS = { commands: ['test -s "$CONDA_PREFIX/conda-meta/history"'] };
/** Requests of a function from one kill to the next: at least, at most. Sweep must come to what it does last. */
const KILLS = {
  api: [20, 120],
  dispatch: [20, 120],
  finish: [20, 120],
  store: [10, 60],
  sweep: [50, 600],
} as const;

/** @throws Error when the run cannot be made; what it finds is in the report */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, say } = options;
  const startedMs = performance.now();
  const endMs = startedMs + options.minutesMax * 60_000;
  const tally = new Tally();
  const journal: TaskWrite[] = [];
  const ends: BuildEnd[] = [];
  const deeds = new Deeds();
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
    deeds,
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
      if (status === 200) ends.push(...endsOf(asked));
      killsOfFunctions(asked.by);
      await mishaps.see(asked, "after");
    },
  });
  try {
    const db = openDb({ table: stack.table, endpoint: stack.aws, region: TEST_CREDENTIALS.AWS_REGION });
    Object.assign(parts, { stack, db, people: await peopleOf(stack, deeds) });
    process.env["AWS_ENDPOINT_URL"] = stack.aws;
    const bucket = openBucket(stack.bucket, db.client);
    const work = async (): Promise<void> => {
      await postAll(options, { db, people: got(parts.people), mishaps, deeds }, endMs);
      await untilEnded(db, deeds, endMs - CALM_MS_MAX, say);
    };
    await Promise.race([work(), broken.promise]);
    over.abort();
    await mishaps.settled();
    stack.calm();
    say("calm: no more mishaps");
    const state = { stack, db, bucket, journal, ends, choices: mishaps.choices, deeds };
    const { builds, checks } = await checkAll(state, endMs);
    await stack.close();
    const pids = processesOf(stack.home);
    const groups = removeLeftGroups(new Set(journal.map(({ owner }) => owner.split("/").at(-1) ?? "")));
    for (let left = groups.left; left > 0; left -= 1)
      tally.add("left: memory group of a killed keeper, empty");
    checks.push({
      name: "no process left, whatever group it is in",
      faults: [...pids.map((pid) => `process ${pid}`), ...groups.faults],
    });
    const seconds = (performance.now() - startedMs) / 1000;
    return {
      mishaps: tally.entries(),
      ended: [...new Map(ends.map((end) => [end.build, end])).values()],
      attempts: attemptsOf(journal),
      builds,
      checks,
      seconds,
    };
  } finally {
    over.abort();
    await stack.close();
  }
}

interface Hands {
  readonly db: Db;
  readonly people: People;
  readonly mishaps: Mishaps;
  readonly deeds: Deeds;
}

async function postAll(
  { seed, builds, say }: ChaosOptions,
  { db, people, mishaps, deeds }: Hands,
  endMs: number,
): Promise<void> {
  const byEnvironment = new Map<string, number[]>();
  let posted = 0;
  for (const planned of planOf(seed, builds)) {
    while (performance.now() < endMs && (await underWay(db, deeds)).length >= UNDER_WAY_MAX) await pause(300);
    const { namespace, environment: name, packages: dependencies } = planned;
    const tests = planned.isTested ? { tests: TESTS } : {};
    const id = await people.post(namespace, { name, dependencies, ...tests }, endMs);
    const earlier = byEnvironment.get(`${namespace}/${name}`) ?? [];
    mishaps.arm(id, planned, [...earlier]);
    byEnvironment.set(`${namespace}/${name}`, [...earlier, id]);
    posted += 1;
    if (posted % 10 === 0) say(`${posted} of ${builds} builds posted`);
  }
}

/** Attempts that did something, counted by build. */
function attemptsOf(journal: readonly TaskWrite[]): Map<number, number> {
  const attempts = new Map<number, Set<number>>();
  for (const { build, attempt } of journal) {
    attempts.set(build, (attempts.get(build) ?? new Set()).add(attempt));
  }
  const counts = new Map<number, number>();
  for (const { size } of attempts.values()) counts.set(size, (counts.get(size) ?? 0) + 1);
  return counts;
}

/** Those of the builds that have not ended. */
async function underWay(db: Db, deeds: Deeds): Promise<Build[]> {
  const builds = await getBuilds(db, deeds.ids());
  return [...builds.values()].filter((build) => !isFinal(stateOf(build)));
}

async function untilEnded(db: Db, deeds: Deeds, endMs: number, say: (line: string) => void): Promise<void> {
  let left = await underWay(db, deeds);
  for (
    let said = left.length;
    left.length > 0 && performance.now() < endMs;
    left = await underWay(db, deeds)
  ) {
    if (said - left.length >= 10) {
      said = left.length;
      say(`${left.length} builds have not ended yet`);
    }
    await pause(300);
  }
}

/** Kills containers between two of their requests, at once or a moment later: in the midst of what they do on the disk. */
function functionKiller(
  seed: number,
  tally: Tally,
  stack: () => ChaosStack | undefined,
  signal: AbortSignal,
): (by: string) => void {
  const next = new Map(
    Object.entries(KILLS).map(([name, [least, most]]) => {
      const random = randomOf(seed, `kills of ${name}`);
      return [name, { random, least, most, left: random.int(10, 80) }];
    }),
  );
  return (by) => {
    const one = next.get(by);
    if (!one || signal.aborted) return;
    one.left -= 1;
    if (one.left > 0) return;
    one.left = one.random.int(one.least, one.most);
    const kill = (): void => {
      if (signal.aborted || !stack()?.functions[by as keyof typeof KILLS].kill()) return;
      tally.add(`killed: function ${by}`);
    };
    const laterMs = one.random.int(0, LATER_MS_MAX);
    if (laterMs % 2 === 0) kill();
    else setTimeout(kill, laterMs);
  };
}
