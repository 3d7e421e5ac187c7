/**
 * Builds, environments and moves as plain values, for tests of what is pure.
 * @module
 */
import type { Build } from "#core/build/build.ts";
import type { Move, Mover } from "#core/build/move.ts";
import { decide, MOVES, type MoveName } from "#core/build/state-machine.ts";
import { NO_NEED } from "#core/build/task-size.ts";
import { MAX_TRIES, NO_TRIES, type TryPolicy } from "#core/build/tries.ts";
import type { Environment } from "#core/environment/environment.ts";

/** A deployment's limits, with three sizes of tasks. */
export const POLICY: TryPolicy = {
  maxTries: MAX_TRIES,
  taskSizes: [
    { cpuUnits: 256, memoryMiB: 512 },
    { cpuUnits: 256, memoryMiB: 1024 },
    { cpuUnits: 512, memoryMiB: 4096 },
  ],
};

const at = new Date("2026-01-01T00:00:00Z");
export function newBuild(id: number): Build {
  return {
    id,
    namespace: "team",
    environment: "demo",
    environmentId: 1,
    specificationSha256: "a".repeat(64),
    document: "b".repeat(64),
    buildKey: `key-${id}`,
    status: "QUEUED",
    statusInfo: null,
    scheduledOn: at,
    waitingSince: at,
    startedOn: null,
    endedOn: null,
    sizeBytes: 0,
    attempt: 0,
    dispatched: 0,
    lastAttempt: 0,
    memoryMiB: 0,
    tries: NO_TRIES,
    lastTrouble: null,
    slot: null,
    share: null,
    artifacts: [],
    lockDigest: null,
    frozenLock: null,
    pinnedOn: null,
    deletedOn: null,
    artifactsWanted: null,
    baseImage: null,
  } as unknown as Build;
}

export const newEnvironment = (): Environment =>
  ({
    id: 1,
    namespace: { id: 1, name: "team" },
    name: "demo",
    description: "",
    currentBuildId: 1,
    currentAfter: 0,
    createdAt: at,
    need: NO_NEED,
    link: { version: 0, buildKey: null },
    use: null,
  }) as unknown as Environment;

export function move(
  name: Exclude<MoveName, "submit">,
  attempt: number,
  by: Mover = MOVES[name].by[0],
): Move {
  switch (name) {
    case "dispatch":
      return { name, by, at, slot: 1, share: 1, turn: 1 };
    case "putBack":
      return { name, by, at, attempt, because: "No room.", nextTryOn: at };
    case "retry":
      return {
        ...{ name, by, at, attempt, cause: "died", what: "It died.", statusInfo: "Again." },
        ...{ nextTryOn: at, memoryMiB: 0 },
      };
    case "claim":
      return { name, by, at, attempt, owner: "me" };
    case "complete": {
      const result = {
        outcome: "completed" as const,
        sizeBytes: 7,
        lockDigest: "c".repeat(64),
        artifacts: [{ type: "DIRECTORY" as const, key: "/store/team/dir", sizeBytes: 0 }],
        packages: 1,
      };
      return { name, by, at, attempt, result };
    }
    case "fail":
      return { name, by, at, attempt, reason: "No.", artifacts: [] };
    case "cancel":
      return { name, by, at };
  }
}

/** The build after moves that must all be allowed. */
export function buildAfter(...names: Exclude<MoveName, "submit">[]): Build {
  return names.reduce((build, name) => {
    const decision = decide(build, move(name, build.dispatched), newEnvironment());
    if (!decision.allowed) throw new Error(decision.why);
    return decision.build;
  }, newBuild(1));
}
