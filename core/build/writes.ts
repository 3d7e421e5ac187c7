/**
 * What a move writes, said without any database: each kind is one item with its condition.
 * @module
 */
import type { BuildCounts } from "#core/namespace/namespace.ts";
import type { Build } from "./build.ts";
import type { DueJob } from "./job.ts";
import type { BuildStatus } from "./status.ts";
import type { MemoryNeed } from "./task-size.ts";

/**
 * Changes a build. `expect` is the part of it that a decision was made from; `lastAttempt` is there because a build that
 * was put back looks otherwise as if nothing had happened.
 */
export interface BuildWrite {
  readonly kind: "build";
  readonly id: number;
  readonly set: Partial<Build>;
  readonly expect: {
    readonly status: BuildStatus;
    readonly dispatched: number;
    readonly lastAttempt: number;
  };
}

/** A slot: taken if it is free, freed if this attempt holds it. */
export interface SlotWrite {
  readonly kind: "slot";
  readonly change: "take" | "free";
  readonly slot: number;
  readonly build: number;
  readonly attempt: number;
}

/** One of the slots that a namespace may have at once: taken and freed with the slot. */
export interface ShareWrite {
  readonly kind: "share";
  readonly change: "take" | "free";
  readonly namespace: string;
  readonly share: number;
  readonly build: number;
  readonly attempt: number;
}

/** A place in its namespace's waiting line. */
export type LineWrite =
  | {
      readonly kind: "line";
      readonly change: "enter";
      readonly build: number;
      readonly namespace: string;
      /** Not to be tried before; null for at once. */
      readonly nextTryOn: Date | null;
    }
  | {
      readonly kind: "line";
      readonly change: "leave";
      readonly build: number;
      readonly namespace: string;
    };

/** A namespace's place on the ring of those that wait. */
export type TurnWrite =
  /** A build joins its line; the namespace takes the number if it has none. */
  | { readonly kind: "turn"; readonly change: "join"; readonly namespace: string; readonly turn: number }
  /** A build leaves it; one that starts has used the namespace's number up, which takes this one. Null keeps it. */
  | {
      readonly kind: "turn";
      readonly change: "leave";
      readonly namespace: string;
      readonly turn: number | null;
    };

interface AttemptOf {
  readonly kind: "attempt";
  readonly build: number;
  readonly attempt: number;
}

/** An attempt's record: opened without an owner, claimed once, closed for ever. */
export type AttemptWrite =
  | (AttemptOf & { readonly change: "open" })
  | (AttemptOf & { readonly change: "claim"; readonly owner: string })
  | (AttemptOf & { readonly change: "close" });

/** Points an environment at a build and asks for its link, if `currentAfter` still is what the decision saw. */
export interface EnvironmentWrite {
  readonly kind: "environment";
  readonly namespace: string;
  readonly name: string;
  readonly expect: { readonly id: number; readonly currentAfter: number };
  readonly currentBuildId: number;
  readonly currentAfter: number;
  /** Null without a shared disk. The link's version grows by one with it. */
  readonly linkBuildKey: string | null;
  /** What is known of its builds' memory now; absent where nothing new is. */
  readonly need?: MemoryNeed;
}

/** Adds to a namespace's counts. */
export interface CountsWrite {
  readonly kind: "counts";
  readonly namespace: string;
  readonly add: Partial<BuildCounts>;
}

/** Something that sweep does later. */
export interface DueWrite extends DueJob {
  readonly kind: "due";
}

export type Write =
  | BuildWrite
  | SlotWrite
  | ShareWrite
  | LineWrite
  | TurnWrite
  | AttemptWrite
  | EnvironmentWrite
  | CountsWrite
  | DueWrite;
