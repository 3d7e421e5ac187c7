/**
 * The table, the tasks and the watchers as one plain value, and what a move's writes do to it: all of them if every
 * condition holds, or nothing. The conditions are those of adapters/dynamodb/moves.ts.
 * @module
 */
import type { Build } from "#core/build/build.ts";
import { deleted } from "#core/build/deletion.ts";
import type { Watch } from "#core/build/watch.ts";
import type { Write } from "#core/build/writes.ts";
import type { Environment } from "#core/environment/environment.ts";
import type { BuildCounts } from "#core/namespace/namespace.ts";
import { newBuild, newEnvironment } from "#test/kit/builds.ts";

export interface ModelAttempt {
  readonly owner: string | null;
  readonly closed: boolean;
  readonly result: "completed" | "failed" | "undecided" | null;
  readonly beat: number;
  /** Looks of time since the last beat; what no part of the product may ask. */
  readonly age: number;
}

export interface ModelTask {
  readonly build: number;
  /** The attempt it was started for. */
  readonly startedFor: number;
  /** The attempt that it wants to claim, or has claimed; 0 before it looked. */
  readonly attempt: number;
  readonly phase: "started" | "looked" | "working" | "gone";
  /** Stands still: does nothing, not even beat, and may go on later. */
  readonly frozen: boolean;
}

/** What a person does to a build that has ended; the conditions are those of the adapters for deletion, pins, choices. */
export type PersonsWrite =
  | {
      readonly kind: "deletion";
      readonly build: number;
      readonly status: Build["status"];
      /** The build that was shown then; null if nobody asks. */
      readonly current: number | null;
      readonly whilePinned: boolean;
    }
  | { readonly kind: "pin"; readonly build: number; readonly pinned: boolean }
  | { readonly kind: "still there"; readonly build: number };

/** A transaction that was decided from what was read then, and not sent yet. */
export interface Pending {
  readonly writes: readonly (Write | PersonsWrite)[];
  /** Equal for transactions that do the same. */
  readonly key: string;
  /** The newest build there was, for a person's choice. */
  readonly choice: number | null;
}

export interface World {
  readonly builds: readonly Build[];
  readonly slots: Readonly<Record<number, { readonly build: number; readonly attempt: number }>>;
  /** Of the one namespace; which of them a build takes bears the slot's number. */
  readonly shares: Readonly<Record<number, { readonly build: number; readonly attempt: number }>>;
  readonly line: readonly number[];
  /** What the namespace's place on the ring counts. */
  readonly waiting: number;
  readonly attempts: Readonly<Record<string, ModelAttempt>>;
  readonly environment: Environment;
  readonly counts: BuildCounts;
  readonly tasks: Readonly<Record<string, ModelTask>>;
  /** By who decided. */
  readonly pending: Readonly<Record<string, Pending>>;
  readonly watches: Readonly<Record<number, Watch>>;
  /** No build up to this one may become the current one by itself: somebody chose when it was the newest. */
  readonly chosenAt: number;
}

export const newWorld = (): World => ({
  builds: [],
  slots: {},
  shares: {},
  line: [],
  waiting: 0,
  attempts: {},
  environment: newEnvironment(),
  counts: { builds: 0, active: 0, completed: 0, failed: 0, canceled: 0, sizeBytes: 0 },
  tasks: {},
  pending: {},
  watches: {},
  chosenAt: 0,
});

export const attemptName = (build: number, attempt: number): string => `${build}/${attempt}`;

export const buildOf = (world: World, id: number): Build => world.builds[id - 1] ?? newBuild(0);

/** Does all the writes, or answers null because a condition does not hold. */
export function apply(world: World, writes: readonly (Write | PersonsWrite)[]): World | null {
  return writes.every((write) => holds(world, write)) ? writes.reduce(written, world) : null;
}

function holds(world: World, write: Write | PersonsWrite): boolean {
  switch (write.kind) {
    case "deletion": {
      const { status, deletedOn, pinnedOn } = buildOf(world, write.build);
      if (status !== write.status || deletedOn !== null) return false;
      if (pinnedOn !== null && !write.whilePinned) return false;
      return write.current === null || write.current === world.environment.currentBuildId;
    }
    case "pin":
    case "still there":
      return buildOf(world, write.build).deletedOn === null;
    case "build": {
      const build = world.builds[write.id - 1];
      return Object.entries(write.expect).every(([name, value]) => build?.[name as keyof Build] === value);
    }
    case "slot":
    case "share": {
      const held = write.kind === "slot" ? world.slots[write.slot] : world.shares[write.share];
      if (write.change === "take") return held === undefined;
      return held?.build === write.build && held.attempt === write.attempt;
    }
    case "turn":
      return write.change === "join" || world.waiting > 0;
    case "line":
      return world.line.includes(write.build) === (write.change === "leave");
    case "attempt": {
      const record = world.attempts[attemptName(write.build, write.attempt)];
      if (write.change === "open") return record === undefined;
      if (write.change === "close") return record !== undefined;
      return record?.owner === null && !record.closed;
    }
    case "environment":
      return (
        write.expect.id === world.environment.id &&
        write.expect.currentAfter === world.environment.currentAfter
      );
    case "counts":
    case "due":
      return true;
  }
}

const COUNTED = { COMPLETED: "completed", FAILED: "failed", CANCELED: "canceled" } as const;

function withBuild(world: World, id: number, set: Partial<Build>): World {
  return { ...world, builds: world.builds.map((build) => (build.id === id ? { ...build, ...set } : build)) };
}

/** The build without what it had, and the counts without it. */
function withoutBuild(world: World, id: number): World {
  const build = buildOf(world, id);
  const counts = { ...world.counts };
  counts.builds -= 1;
  counts.sizeBytes -= build.sizeBytes;
  if (build.status in COUNTED) counts[COUNTED[build.status as keyof typeof COUNTED]] -= 1;
  return { ...withBuild(world, id, deleted(build, [], build.scheduledOn)), counts };
}

function written(world: World, write: Write | PersonsWrite): World {
  switch (write.kind) {
    case "deletion":
      return withoutBuild(world, write.build);
    case "pin":
      return withBuild(world, write.build, { pinnedOn: write.pinned ? new Date(0) : null });
    case "still there":
      return world;
    case "build":
      return withBuild(world, write.id, write.set);
    case "slot": {
      const { [write.slot]: _, ...slots } = world.slots;
      if (write.change === "free") return { ...world, slots };
      const { build, attempt } = write;
      return { ...world, slots: { ...slots, [write.slot]: { build, attempt } } };
    }
    case "share": {
      const { [write.share]: _, ...shares } = world.shares;
      if (write.change === "free") return { ...world, shares };
      const { build, attempt } = write;
      return { ...world, shares: { ...shares, [write.share]: { build, attempt } } };
    }
    case "turn":
      return { ...world, waiting: world.waiting + (write.change === "join" ? 1 : -1) };
    case "line": {
      const line = world.line.filter((build) => build !== write.build);
      return { ...world, line: write.change === "leave" ? line : [...line, write.build].sort() };
    }
    case "attempt":
      return withAttempt(world, write.build, write.attempt, {
        ...(write.change === "claim" ? { owner: write.owner, age: 0 } : {}),
        ...(write.change === "close" ? { closed: true } : {}),
      });
    case "environment": {
      const { currentBuildId, currentAfter, linkBuildKey: buildKey } = write;
      const link = { version: world.environment.link.version + 1, buildKey };
      return { ...world, environment: { ...world.environment, currentBuildId, currentAfter, link } };
    }
    case "counts": {
      const counts = { ...world.counts };
      for (const [kind, by] of Object.entries(write.add)) counts[kind as keyof BuildCounts] += by;
      return { ...world, counts };
    }
    case "due":
      // What sweep does with a build that has ended changes nothing of its life.
      return world;
  }
}

const NO_ATTEMPT: ModelAttempt = { owner: null, closed: false, result: null, beat: 0, age: 0 };

/** The record with some of it changed; a new one if there was none. */
export function withAttempt(world: World, build: number, attempt: number, set: Partial<ModelAttempt>): World {
  const name = attemptName(build, attempt);
  const record = { ...(world.attempts[name] ?? NO_ATTEMPT), ...set };
  return { ...world, attempts: { ...world.attempts, [name]: record } };
}
