/**
 * What must be true when everything has calmed down, whatever happened before.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import { getBuilds } from "#adapters/dynamodb/builds.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import { readDue } from "#adapters/dynamodb/due.ts";
import { readEnvironments } from "#adapters/dynamodb/environments.ts";
import { oldestWaiting, readHeld, readTurns, type Waiting } from "#adapters/dynamodb/line.ts";
import { getBuildCounts, readNamespaces } from "#adapters/dynamodb/namespaces.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { listObjects } from "#adapters/s3/objects.ts";
import type { Build } from "#core/build/build.ts";
import { isFinal, stateOf } from "#core/build/state-machine.ts";
import type { Environment } from "#core/environment/environment.ts";
import { POLICY } from "#test/kit/builds.ts";
import { faultsOfArtifacts } from "./check-artifacts.ts";
import { faultsOfLinks } from "./check-disk.ts";
import { leftoverEntries, leftoverItems, leftoverObjects, readTable } from "./check-leftovers.ts";
import { faultsOfUses } from "./check-uses.ts";
import type { Deeds } from "./deeds.ts";
import { type BuildEnd, faultsOfEnds, faultsOfJournal, type TaskWrite } from "./journal.ts";
import type { Choice } from "./mishaps.ts";
import type { ChaosStack } from "./stack.ts";

const LOOK_MS = 500;
const FAR_AWAY = new Date("9999-01-01T00:00:00Z");

export interface Check {
  readonly name: string;
  /** Empty when it holds. */
  readonly faults: readonly string[];
}

export interface ChaosState {
  readonly stack: ChaosStack;
  readonly db: Db;
  readonly bucket: Bucket;
  readonly journal: readonly TaskWrite[];
  readonly ends: readonly BuildEnd[];
  readonly choices: readonly Choice[];
  readonly deeds: Deeds;
}

/** Waits until the system has come to rest, and looks. @param endMs when it must have, monotonic */
export async function checkAll(
  state: ChaosState,
  endMs: number,
): Promise<{ builds: Build[]; checks: Check[] }> {
  const { deeds, journal, ends, db, bucket, choices, stack } = state;
  let seen = await look(state);
  while (seen.unrest.length + seen.due.length > 0 && performance.now() < endMs) {
    // What is to be done later is looked at when all else has come to rest: then nobody waits for it.
    if (seen.unrest.length === 0) stack.anHourPasses();
    await pause(LOOK_MS);
    seen = await look(state);
  }
  const { builds, environments } = seen;
  const objects = await listObjects(bucket, "");
  const leftovers = [
    ...leftoverItems(await readTable(db), builds),
    ...leftoverObjects(
      objects.map(({ key }) => key),
      builds,
    ),
    ...(await leftoverEntries(stack.store, builds, environments)),
  ];
  return {
    builds,
    checks: [
      {
        name: "everything came to rest: builds final, slots free, line empty, links right, nothing left to do",
        faults: [...seen.unrest, ...seen.due],
      },
      {
        name: "no accepted build is lost, none that was pinned; what was deleted is gone",
        faults: deeds.faultsOf(builds),
      },
      {
        name: "what meets no mishap completes: at least half of the builds that nobody canceled",
        faults: faultsOfMany(deeds.ids(), ends),
      },
      {
        name: "every build ended once, with a reason, within its limits",
        faults: [...faultsOfEnds(ends), ...builds.flatMap(faultsOfEnd)],
      },
      { name: "never two attempts writing at once", faults: faultsOfJournal(journal) },
      { name: "every artifact is there, and whole", faults: await faultsOfArtifacts(bucket, builds) },
      {
        name: "nothing is left over in table, bucket and disk, and nothing that is needed is unheld",
        faults: leftovers,
      },
      { name: "counters equal recounts", faults: await faultsOfCounts(db, builds, environments) },
      { name: "what uses what equals a recount", faults: await faultsOfUses(db) },
      {
        name: "the newest completed build is shown, or a chosen one",
        faults: faultsOfCurrent(choices, builds, environments),
      },
    ],
  };
}

async function look(state: ChaosState) {
  const { db, stack } = state;
  const builds = await allBuilds(db);
  const environments: Environment[] = [];
  const line: Waiting[] = [];
  for (const { name } of await readNamespaces(db, "asc")) {
    environments.push(...(await readEnvironments(db, name, "asc")));
    line.push(...(await oldestWaiting(db, name, 1000)));
  }
  const held = await readHeld(db);
  const unrest = [
    ...builds
      .filter((build) => !isFinal(stateOf(build)))
      .map(
        ({ id, status, statusInfo, lastAttempt }) =>
          `build ${id} is ${status} (attempt ${lastAttempt}): ${statusInfo}`,
      ),
    ...held.slots.map(({ slot, build }) => `slot ${slot} is held by build ${build}`),
    ...held.shares.map(
      ({ namespace, share, build }) => `share ${share} of ${namespace} is held by build ${build}`,
    ),
    ...line.map(({ build }) => `build ${build} stands in the line`),
    ...(await readTurns(db)).flatMap(({ namespace, waiting }) =>
      waiting === 0 ? [] : [`${namespace} is on the ring with ${waiting} builds`],
    ),
    ...faultsOfLinks(stack.store, environments),
  ];
  // Whatever hour sweep has reached by now.
  const due = (await readDue(db, FAR_AWAY, 1_000)).map(
    ({ due, job }) => `${due.toISOString()}: ${JSON.stringify(job)}`,
  );
  return { builds, environments, unrest, due };
}

async function allBuilds(db: Db): Promise<Build[]> {
  const ids = (await readTable(db)).flatMap(({ sk, id }) => (sk === "BUILD" ? [Number(id)] : []));
  return [...(await getBuilds(db, ids)).values()].sort((a, b) => a.id - b.id);
}

/** A run in which nothing works shows nothing. */
function faultsOfMany(ids: readonly number[], ends: readonly BuildEnd[]): string[] {
  const ended = (as: string): number =>
    new Set(ends.flatMap(({ build, status }) => (status === as ? [build] : []))).size;
  const [completed, wanted] = [ended("COMPLETED"), ids.length - ended("CANCELED")];
  return completed * 2 >= wanted ? [] : [`${completed} of ${wanted} completed`];
}

/** Of half an hour at most. */
const ATTEMPTS_MAX = 16;
const QUEUE_HOURS_MAX = 24;
/** What clocks may be wrong by. */
const SKEW_HOURS = 0.5;

function faultsOfEnd({ id, scheduledOn, endedOn, tries }: Build): string[] {
  const faults: string[] = [];
  for (const [cause, most] of Object.entries(POLICY.maxTries)) {
    const count = tries[cause as keyof typeof tries];
    if (count >= most) faults.push(`build ${id} was tried again ${count} times (${cause})`);
  }
  const hours = ((endedOn?.getTime() ?? 0) - scheduledOn.getTime()) / 3_600_000;
  if (hours > QUEUE_HOURS_MAX + ATTEMPTS_MAX / 2 + SKEW_HOURS) faults.push(`build ${id} took ${hours} hours`);
  return faults;
}

async function faultsOfCounts(
  db: Db,
  builds: readonly Build[],
  environments: readonly Environment[],
): Promise<string[]> {
  const faults: string[] = [];
  const compare = (what: string, kept: unknown, counted: unknown): void => {
    if (JSON.stringify(kept) !== JSON.stringify(counted)) {
      faults.push(`${what}: ${JSON.stringify(kept)} kept, ${JSON.stringify(counted)} counted`);
    }
  };
  for (const { name, environments: kept } of await readNamespaces(db, "asc")) {
    const own = builds.filter(({ namespace, deletedOn }) => namespace === name && deletedOn === null);
    const having = (status: string): Build[] => own.filter((build) => build.status === status);
    const counts = await getBuildCounts(db, name);
    const { active, builds: all, completed, failed, canceled, sizeBytes } = counts;
    compare(
      `builds of ${name}`,
      { all, active, completed, failed, canceled, sizeBytes },
      {
        all: own.length,
        active: having("QUEUED").length + having("BUILDING").length,
        completed: having("COMPLETED").length,
        failed: having("FAILED").length,
        canceled: having("CANCELED").length,
        sizeBytes: having("COMPLETED").reduce((sum, build) => sum + build.sizeBytes, 0),
      },
    );
    const inside = environments.filter(({ namespace }) => namespace.name === name);
    compare(`environments of ${name}`, kept, inside.length);
    for (const environment of inside) {
      const count = own.filter(({ environmentId }) => environmentId === environment.id).length;
      compare(`builds of ${name}/${environment.name}`, environment.builds, count);
    }
  }
  return faults;
}

function faultsOfCurrent(
  choices: readonly Choice[],
  builds: readonly Build[],
  environments: readonly Environment[],
): string[] {
  return environments.flatMap(({ id, name, namespace, currentBuildId }) => {
    const completed = builds.filter(
      (build) => build.environmentId === id && build.status === "COMPLETED" && build.deletedOn === null,
    );
    const newest = completed.at(-1)?.id;
    if (newest === undefined || currentBuildId === newest) return [];
    const chosen = choices.some(
      (choice) =>
        choice.namespace === namespace.name && choice.environment === name && choice.build === currentBuildId,
    );
    return chosen ? [] : [`${namespace.name}/${name} shows build ${currentBuildId}, not ${newest}`];
  });
}
