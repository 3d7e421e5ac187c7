/**
 * What builds hold, what is condemned and what lies in the bucket and on the disk, as one plain value; and the transactions of
 * adapters/dynamodb/holds.ts on it: all of each if every condition holds, or nothing.
 * @module
 */
import type { Artifact } from "#core/build/status.ts";
import { directoryThing } from "#core/build/thing.ts";
import { archiveKey, blobKey, manifestKey } from "#core/layout.ts";
import { sha256Of } from "#test/kit/submissions.ts";

/** Where a task stands. `gone`: it does nothing any more. */
export type TaskPlace =
  | "begun"
  | "knows a lender"
  | "holds what is lent"
  | "has looked"
  | "makes its own"
  | "holds its own"
  | "has made it"
  | "has all"
  | "gone";

export interface ModelBuild {
  readonly status: "BUILDING" | "COMPLETED" | "FAILED";
  readonly isDeleted: boolean;
  /** Whose thing it names, or is about to: its own or a lender's; 0 for none. */
  readonly owner: number;
  readonly holds: readonly string[];
  /** Of its one task, which may outlive the build's end. */
  readonly task: TaskPlace;
}

export interface Counted {
  readonly holders: number;
  /** Grows when somebody gives it back; a condemnation names it. */
  readonly givenBack: number;
  readonly condemnedBy: string | null;
}

/** A pass of sweep at work on one job. */
export type Pass =
  | { readonly kind: "idle" }
  | {
      readonly kind: "settles";
      readonly build: number;
      readonly job: string;
      readonly gives: readonly string[];
    }
  | { readonly kind: "has read"; readonly thing: string; readonly seen: Counted }
  | { readonly kind: "has condemned" | "removes" | "has removed"; readonly thing: string };

/** The function store at work on one message. */
export type Store =
  | { readonly kind: "idle" }
  | { readonly kind: "has read" | "has removed"; readonly directory: string; readonly by: string };

export interface World {
  readonly builds: readonly ModelBuild[];
  readonly things: Readonly<Record<string, Counted>>;
  /** Things that are really there, on the disk or in the bucket. */
  readonly bytes: readonly string[];
  /** The build of which later ones are told that it has made what they want; 0 for none. */
  readonly lender: number;
  /** Jobs of sweep that are due. */
  readonly jobs: readonly string[];
  /** Directories that store is asked to remove. */
  readonly messages: readonly string[];
  readonly passes: Readonly<Record<string, Pass>>;
  readonly store: Store;
}

export const IDLE = { kind: "idle" } as const;
/** Who condemned something and died. */
export const DEAD = "a dead pass";

export const newWorld = (passes: number): World => ({
  builds: [],
  things: {},
  bytes: [],
  lender: 0,
  jobs: [],
  messages: [],
  passes: Object.fromEntries(Array.from({ length: passes }, (_, i) => [`pass ${i + 1}`, IDLE])),
  store: IDLE,
});

/** What builds of one lock make, or borrow of each other. The name of an object is what is in it; a directory's is its build's. */
export type Kind = "directory" | "archive" | "layer";
const HEX = sha256Of("the same for all");

/** @param owner the build that made it */
export function thingBy(kind: Kind, owner: number): string {
  if (kind === "directory") return directoryThing("team", `key-${owner}`);
  return kind === "archive" ? archiveKey(HEX) : blobKey(HEX);
}

/** As the build names them when it has completed; an image's layers are not named. */
export function artifactsOf({ status, isDeleted, owner }: ModelBuild, kind: Kind): Artifact[] {
  if (status !== "COMPLETED" || isDeleted) return [];
  const type = ({ directory: "DIRECTORY", archive: "CONDA_PACK", layer: "DOCKER_MANIFEST" } as const)[kind];
  const keys = {
    directory: `/opt/conda-store/team/key-${owner}`,
    archive: archiveKey(HEX),
    layer: manifestKey(HEX),
  };
  return [{ type, key: keys[kind], sizeBytes: 1 }];
}

export const buildOf = (world: World, id: number): ModelBuild => {
  const build = world.builds[id - 1];
  if (build === undefined) throw new Error(`there is no build ${id}`);
  return build;
};

export const withBuild = (world: World, id: number, set: Partial<ModelBuild>): World => ({
  ...world,
  builds: world.builds.map((build, i) => (i === id - 1 ? { ...build, ...set } : build)),
});

export const withBytes = (world: World, thing: string): World => ({
  ...world,
  bytes: [...new Set([...world.bytes, thing])].sort(),
});

export const withoutBytes = (world: World, thing: string): World => ({
  ...world,
  bytes: world.bytes.filter((each) => each !== thing),
});

const withThing = (world: World, thing: string, counted: Counted): World => ({
  ...world,
  things: { ...world.things, [thing]: counted },
});

export const withJob = (world: World, job: string): World =>
  world.jobs.includes(job) ? world : { ...world, jobs: [...world.jobs, job].sort() };

export const withoutJob = (world: World, job: string): World => ({
  ...world,
  jobs: world.jobs.filter((each) => each !== job),
});

/** What the table asks before it takes a write; the explorer may replace it, to see whether that is noticed. */
export interface Conditions {
  readonly canHold: (counted: Counted | undefined, mustExist: boolean) => boolean;
  readonly canGiveBack: (build: ModelBuild, thing: string) => boolean;
  readonly canCondemn: (now: Counted, seen: Counted) => boolean;
}

export const CONDITIONS: Conditions = {
  canHold: (counted, mustExist) => (counted ? counted.condemnedBy === null : !mustExist),
  canGiveBack: ({ holds }, thing) => holds.includes(thing),
  canCondemn: (now, seen) =>
    now.holders === 0 && now.givenBack === seen.givenBack && now.condemnedBy === seen.condemnedBy,
};

export function hold(
  world: World,
  { canHold }: Conditions,
  id: number,
  thing: string,
  mustExist: boolean,
): World | "refused" | "lost" {
  const build = buildOf(world, id);
  // As in the table: who wants nothing more asks nothing.
  if (build.holds.includes(thing)) return world;
  if (build.status !== "BUILDING") return "lost";
  const counted = world.things[thing];
  if (!canHold(counted, mustExist)) return "refused";
  const { holders, ...rest } = counted ?? { holders: 0, givenBack: 0, condemnedBy: null };
  const next = withBuild(world, id, { holds: [...build.holds, thing].sort() });
  return withThing(next, thing, { ...rest, holders: holders + 1 });
}

export function giveBack(world: World, { canGiveBack }: Conditions, id: number, thing: string): World {
  const build = buildOf(world, id);
  const counted = world.things[thing];
  if (!counted || !canGiveBack(build, thing)) return world;
  const next = withBuild(world, id, { holds: build.holds.filter((each) => each !== thing) });
  const { holders, givenBack, condemnedBy } = counted;
  return withJob(
    withThing(next, thing, { holders: holders - 1, givenBack: givenBack + 1, condemnedBy }),
    thing,
  );
}

/** @returns null when the thing is not as it was seen */
export function condemn(
  world: World,
  { canCondemn }: Conditions,
  thing: string,
  seen: Counted,
  by: string,
): World | null {
  const now = world.things[thing];
  return now && canCondemn(now, seen) ? withThing(world, thing, { ...now, condemnedBy: by }) : null;
}

/** If another took over, it is his to forget. */
export function forget(world: World, thing: string, by: string): World {
  const { [thing]: counted, ...things } = world.things;
  return counted?.condemnedBy === by ? { ...world, things } : world;
}
