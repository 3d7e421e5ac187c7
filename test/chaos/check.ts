/**
 * What must be true when everything has calmed down, whatever happened before.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { getBuilds } from "#adapters/dynamodb/builds.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import { readEnvironments } from "#adapters/dynamodb/environments.ts";
import { oldestWaiting, readHeld, readTurns, type Waiting } from "#adapters/dynamodb/line.ts";
import { getBuildCounts, readNamespaces } from "#adapters/dynamodb/namespaces.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { getObject, listObjects } from "#adapters/s3/objects.ts";
import type { Build } from "#core/build/build.ts";
import { isFinal, stateOf } from "#core/build/state-machine.ts";
import type { Environment } from "#core/environment/environment.ts";
import { PREFIXES } from "#core/layout.ts";
import { POLICY } from "#test/kit/builds.ts";
import { faultsOfDirectory, faultsOfLinks } from "./check-disk.ts";
import { faultsOfJournal, type TaskWrite } from "./journal.ts";
import type { Choice } from "./mishaps.ts";
import type { ChaosStack } from "./stack.ts";

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
  readonly choices: readonly Choice[];
  /** Builds whose POST was answered. */
  readonly posted: readonly number[];
}

/** Waits until the system has come to rest, and looks. @param endMs when it must have, monotonic */
export async function checkAll(
  state: ChaosState,
  endMs: number,
): Promise<{ builds: Build[]; checks: Check[] }> {
  let seen = await look(state);
  while (seen.unrest.length > 0 && performance.now() < endMs) {
    await pause(500);
    seen = await look(state);
  }
  const { builds, environments } = seen;
  const known = new Set<number>(builds.map(({ id }) => id));
  const lost = state.posted
    .filter((id) => !known.has(id))
    .map((id) => `build ${id} was accepted and is not there`);
  return {
    builds,
    checks: [
      {
        name: "everything came to rest: builds final, slots free, line empty, links right",
        faults: seen.unrest,
      },
      { name: "no accepted build is lost", faults: lost },
      { name: "what meets no mishap completes: at least half of all builds", faults: faultsOfMany(builds) },
      { name: "every end has its reason, within its limits", faults: builds.flatMap(faultsOfEnd) },
      { name: "never two attempts writing at once", faults: faultsOfJournal(state.journal) },
      { name: "every artifact is there, and whole", faults: await faultsOfArtifacts(state, builds) },
      { name: "counters equal recounts", faults: await faultsOfCounts(state.db, builds, environments) },
      {
        name: "the newest completed build is shown, or a chosen one",
        faults: faultsOfCurrent(state, builds, environments),
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
  return { builds, environments, unrest };
}

async function allBuilds(db: Db): Promise<Build[]> {
  const ids: number[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const page = await db.client.send(
      new ScanCommand({
        TableName: db.table,
        FilterExpression: "sk = :build",
        ExpressionAttributeValues: { ":build": "BUILD" },
        ProjectionExpression: "id",
        ...(start ? { ExclusiveStartKey: start } : {}),
      }),
    );
    for (const { id } of page.Items ?? []) ids.push(id as number);
    start = page.LastEvaluatedKey;
  } while (start);
  return [
    ...(
      await getBuilds(
        db,
        ids.sort((a, b) => a - b),
      )
    ).values(),
  ].sort((a, b) => a.id - b.id);
}

/** A run in which nothing works shows nothing. */
function faultsOfMany(builds: readonly Build[]): string[] {
  const completed = builds.filter(({ status }) => status === "COMPLETED").length;
  return completed * 2 >= builds.length ? [] : [`${completed} of ${builds.length} completed`];
}

/** Of half an hour at most. */
const ATTEMPTS_MAX = 16;
const QUEUE_HOURS_MAX = 24;
/** What clocks may be wrong by. */
const SKEW_HOURS = 0.5;

function faultsOfEnd({ id, status, statusInfo, scheduledOn, endedOn, tries }: Build): string[] {
  const faults: string[] = [];
  const needsReason = status === "FAILED" || status === "CANCELED";
  if (needsReason && !statusInfo) faults.push(`build ${id} is ${status} without a reason`);
  for (const [cause, most] of Object.entries(POLICY.maxTries)) {
    const count = tries[cause as keyof typeof tries];
    if (count >= most) faults.push(`build ${id} was tried again ${count} times (${cause})`);
  }
  const hours = ((endedOn?.getTime() ?? 0) - scheduledOn.getTime()) / 3_600_000;
  if (hours > QUEUE_HOURS_MAX + ATTEMPTS_MAX / 2 + SKEW_HOURS) faults.push(`build ${id} took ${hours} hours`);
  return faults;
}

async function faultsOfArtifacts({ bucket }: ChaosState, builds: readonly Build[]): Promise<string[]> {
  const faults: string[] = [];
  const looked = new Map<string, Promise<string | null>>();
  for (const build of builds) {
    for (const { type, key, sizeBytes } of build.artifacts) {
      const fault =
        looked.get(key) ??
        (type === "DIRECTORY" ? faultsOfDirectory(key) : faultOfObject(bucket, key, sizeBytes));
      looked.set(key, fault);
      const text = await fault;
      if (text !== null) faults.push(`${type} of build ${build.id}: ${text}`);
    }
    const types = new Set(build.artifacts.map(({ type }) => type));
    const wanted =
      build.status === "COMPLETED" ? (["DIRECTORY", "LOCKFILE", "YAML", "CONDA_PACK", "LOGS"] as const) : [];
    for (const type of wanted) if (!types.has(type)) faults.push(`build ${build.id} has no ${type}`);
  }
  return faults;
}

async function faultOfObject(bucket: Bucket, key: string, sizeBytes: number): Promise<string | null> {
  const bytes = await getObject(bucket, key);
  if (bytes === null) return `${key} is not there`;
  if (bytes.length !== sizeBytes) return `${key} has ${bytes.length} bytes instead of ${sizeBytes}`;
  try {
    // gzip ends with the checksum of what was packed.
    if (key.startsWith(PREFIXES.archives)) gunzipSync(bytes);
    if (key.startsWith(PREFIXES.locks)) JSON.parse(bytes.toString("utf8"));
    return null;
  } catch (error) {
    return `${key} is broken: ${String(error)}`;
  }
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
    const own = builds.filter(({ namespace }) => namespace === name);
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
  { choices }: ChaosState,
  builds: readonly Build[],
  environments: readonly Environment[],
): string[] {
  return environments.flatMap(({ id, name, namespace, currentBuildId }) => {
    const completed = builds.filter((build) => build.environmentId === id && build.status === "COMPLETED");
    const newest = completed.at(-1)?.id;
    if (newest === undefined || currentBuildId === newest) return [];
    const chosen = choices.some(
      (choice) =>
        choice.namespace === namespace.name && choice.environment === name && choice.build === currentBuildId,
    );
    return chosen ? [] : [`${namespace.name}/${name} shows build ${currentBuildId}, not ${newest}`];
  });
}

/** Objects below the prefixes of products that no build names: what dead attempts left behind. */
export async function unnamedObjects(bucket: Bucket, builds: readonly Build[]): Promise<string[]> {
  const named = new Set(builds.flatMap(({ artifacts }) => artifacts.map(({ key }) => key)));
  const unnamed: string[] = [];
  for (const prefix of [PREFIXES.archives, PREFIXES.locks, PREFIXES.exports]) {
    const objects = await listObjects(bucket, prefix);
    unnamed.push(...objects.map(({ key }) => key).filter((key) => !named.has(key)));
  }
  return unnamed;
}
