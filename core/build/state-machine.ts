/**
 * The life of a build: its states, the moves between them, who may make each, and what each writes. Pure.
 * `docs/build-states.md` is drawn from these tables; `adapters/dynamodb/moves.ts` performs a move; nothing else
 * writes a status.
 * @module
 */
import type { Environment } from "#core/environment/environment.ts";
import { directoryOf } from "./artifact-place.ts";
import type { Build } from "./build.ts";
import { afterEnd } from "./job.ts";
import type { Move, Mover } from "./move.ts";
import type { BuildStatus } from "./status.ts";
import { needAfter } from "./task-size.ts";
import type { Write } from "./writes.ts";

/** Every state, with the status that clients see. `slot` says whether a slot is held in it. */
export const STATES = {
  waiting: { status: "QUEUED", slot: false, says: "in the waiting line" },
  starting: { status: "QUEUED", slot: true, says: "a task was asked for and has not claimed yet" },
  building: { status: "BUILDING", slot: true, says: "a task works on it" },
  completed: { status: "COMPLETED", slot: false, says: "ended well" },
  failed: { status: "FAILED", slot: false, says: "ended; status_info says why" },
  canceled: { status: "CANCELED", slot: false, says: "ended because somebody asked" },
} as const satisfies Record<string, { status: BuildStatus; slot: boolean; says: string }>;
export type BuildState = keyof typeof STATES;

interface Rule {
  /** Empty for the move that makes a build. */
  readonly from: readonly BuildState[];
  readonly to: BuildState;
  readonly by: readonly Mover[];
  readonly says: string;
}

export const MOVES = {
  submit: { from: [], to: "waiting", by: ["api"], says: "a specification was accepted" },
  dispatch: { from: ["waiting"], to: "starting", by: ["dispatch"], says: "a slot is taken" },
  putBack: { from: ["starting"], to: "waiting", by: ["dispatch"], says: "no task could be started" },
  retry: {
    from: ["starting", "building"],
    to: "waiting",
    by: ["finish", "sweep"],
    says: "the attempt ended without a verdict, and another may follow",
  },
  claim: { from: ["starting"], to: "building", by: ["task"], says: "the task begins" },
  complete: { from: ["building"], to: "completed", by: ["finish"], says: "result verified" },
  fail: {
    from: ["waiting", "starting", "building"],
    to: "failed",
    by: ["finish", "sweep"],
    says: "cannot be built, was tried in vain, or a limit was reached",
  },
  cancel: {
    from: ["waiting", "starting", "building"],
    to: "canceled",
    by: ["api", "sweep"],
    says: "somebody asked, or its environment was deleted; whichever attempt it was at",
  },
} as const satisfies Record<string, Rule>;
export type MoveName = keyof typeof MOVES;

export type Decision =
  | { readonly allowed: true; readonly build: Build; readonly writes: readonly Write[] }
  | { readonly allowed: false; readonly why: string };

/** The state that a build is in. */
export function stateOf(build: Pick<Build, "status" | "dispatched">): BuildState {
  switch (build.status) {
    case "QUEUED":
      return build.dispatched === 0 ? "waiting" : "starting";
    case "BUILDING":
      return "building";
    case "COMPLETED":
      return "completed";
    case "FAILED":
      return "failed";
    case "CANCELED":
      return "canceled";
  }
}

/** A state that no move leaves. */
export const isFinal = (state: BuildState): boolean =>
  Object.values(MOVES).every(({ from }) => !(from as readonly BuildState[]).includes(state));

/**
 * What `submit` writes for a new build, beside its specification, namespace and environment.
 * @param turn the namespace's, if none of its builds waits
 */
export function submitWrites(build: Build, turn: number): readonly Write[] {
  return [
    ...enterLine(build, null, turn),
    { kind: "counts", namespace: build.namespace, add: { builds: 1, active: 1 } },
  ];
}

/**
 * Decides a move from a snapshot. The writes carry the conditions that hold only while the snapshot is true.
 * @param environment the build's environment, needed for `complete`; null if it has gone
 */
export function decide(build: Build, move: Move, environment: Environment | null): Decision {
  const rule: Rule = MOVES[move.name];
  const state = stateOf(build);
  if (!rule.by.includes(move.by)) return no(`${move.by} may not make the move ${move.name}`);
  if (!rule.from.includes(state)) return no(`the build is ${state}`);
  if ("attempt" in move && move.attempt !== build.dispatched) {
    return no(`attempt ${move.attempt} is not the one that counts, which is ${build.dispatched}`);
  }
  switch (move.name) {
    case "dispatch": {
      const attempt = build.lastAttempt + 1;
      return yes(
        build,
        {
          dispatched: attempt,
          lastAttempt: attempt,
          slot: move.slot,
          share: move.share,
          statusInfo: `Attempt ${attempt}: waiting for its task to start.`,
        },
        [
          { kind: "slot", change: "take", slot: move.slot, build: build.id, attempt },
          {
            kind: "share",
            change: "take",
            namespace: build.namespace,
            share: move.share,
            build: build.id,
            attempt,
          },
          ...leaveLine(build, move.turn),
          { kind: "attempt", change: "open", build: build.id, attempt },
        ],
      );
    }
    case "putBack": {
      const next = `${move.nextTryOn.toISOString().slice(0, 19)}Z`;
      return yes(
        build,
        {
          ...NO_SLOT,
          statusInfo: `Attempt ${move.attempt} could not start: ${move.because} Next try at ${next}.`,
        },
        [...letGo(build), ...enterLine(build, move.nextTryOn, TURN_KEPT)],
      );
    }
    case "retry": {
      const { cause, what, statusInfo, nextTryOn, memoryMiB } = move;
      return yes(
        build,
        {
          ...NO_SLOT,
          status: "QUEUED",
          statusInfo,
          tries: { ...build.tries, [cause]: build.tries[cause] + 1 },
          lastTrouble: what,
          memoryMiB,
          // What it had waited before a task worked on it does not count against it twice.
          ...(state === "building" ? { waitingSince: move.at } : {}),
        },
        [...letGo(build), ...enterLine(build, nextTryOn, TURN_KEPT)],
      );
    }
    case "claim":
      return yes(
        build,
        {
          status: "BUILDING",
          attempt: move.attempt,
          startedOn: build.startedOn ?? move.at,
          statusInfo: `Attempt ${move.attempt} is running.`,
        },
        [{ kind: "attempt", change: "claim", build: build.id, attempt: move.attempt, owner: move.owner }],
      );
    case "complete": {
      const { result } = move;
      return yes(
        build,
        {
          ...NO_SLOT,
          status: "COMPLETED",
          statusInfo: null,
          endedOn: move.at,
          sizeBytes: result.sizeBytes,
          artifacts: result.artifacts,
          lockDigest: result.lockDigest as Build["lockDigest"],
        },
        [
          ...letGo(build),
          {
            kind: "counts",
            namespace: build.namespace,
            add: { active: -1, completed: 1, sizeBytes: result.sizeBytes },
          },
          ...becomeCurrent(build, environment, directoryOf(result.artifacts), move.at),
          ...giveBackLater(build, move.at),
        ],
      );
    }
    case "fail":
      return yes(
        build,
        {
          ...NO_SLOT,
          status: "FAILED",
          statusInfo: move.reason,
          endedOn: move.at,
          artifacts: move.artifacts,
        },
        [
          ...letGo(build),
          ...leaveLine(build),
          { kind: "counts", namespace: build.namespace, add: { active: -1, failed: 1 } },
          ...giveBackLater(build, move.at),
        ],
      );
    case "cancel":
      return yes(
        build,
        { ...NO_SLOT, status: "CANCELED", statusInfo: "Canceled on request.", endedOn: move.at },
        [
          ...letGo(build),
          ...leaveLine(build),
          { kind: "counts", namespace: build.namespace, add: { active: -1, canceled: 1 } },
          ...giveBackLater(build, move.at),
        ],
      );
  }
}

const NO_SLOT = { dispatched: 0, slot: null, share: null } as const;

/** Before every number: a build that has had its turn and could not use it does not queue up for another. */
const TURN_KEPT = 0;

const no = (why: string): Decision => ({ allowed: false, why });

function yes(build: Build, set: Partial<Build>, others: readonly Write[]): Decision {
  const { status, dispatched, lastAttempt } = build;
  const write: Write = { kind: "build", id: build.id, set, expect: { status, dispatched, lastAttempt } };
  return { allowed: true, build: { ...build, ...set }, writes: [write, ...others] };
}

/** Frees the slot and closes the attempt, if there is one: from here on its task can change nothing. */
function letGo(build: Build): Write[] {
  const { id, slot, share, namespace, dispatched: attempt } = build;
  if (slot === null || share === null) return [];
  return [
    { kind: "slot", change: "free", slot, build: id, attempt },
    { kind: "share", change: "free", namespace, share, build: id, attempt },
    { kind: "attempt", change: "close", build: id, attempt },
  ];
}

const enterLine = ({ id: build, namespace }: Build, nextTryOn: Date | null, turn: number): Write[] => [
  { kind: "line", change: "enter", build, namespace, nextTryOn },
  { kind: "turn", namespace, change: "join", turn },
];

/** @param turn the namespace's next, when a build of it starts */
function leaveLine(build: Build, turn: number | null = null): Write[] {
  const { id, namespace } = build;
  if (stateOf(build) !== "waiting") return [];
  return [
    { kind: "line", change: "leave", build: id, namespace },
    { kind: "turn", namespace, change: "leave", turn },
  ];
}

function giveBackLater(build: Build, at: Date): Write[] {
  const job = afterEnd(build, at);
  return job ? [{ kind: "due", ...job }] : [];
}

/** An older build that ends late never moves the environment back. */
function becomeCurrent(
  build: Build,
  environment: Environment | null,
  directory: string | null,
  at: Date,
): Write[] {
  if (!environment || environment.id !== build.environmentId) return [];
  if (build.id <= environment.currentAfter) return [];
  return [
    {
      kind: "environment",
      namespace: build.namespace,
      name: build.environment,
      expect: { id: environment.id, currentAfter: environment.currentAfter },
      currentBuildId: build.id,
      currentAfter: build.id,
      linkBuildKey: directory,
      need: needAfter(environment.need, { memoryMiB: build.memoryMiB, ranOut: build.tries.memory }, at),
    },
  ];
}
