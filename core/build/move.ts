/**
 * What each mover says when it wants to make a move; `state-machine.ts` decides.
 * @module
 */
import type { CompletedResult } from "./attempt.ts";
import type { Artifact } from "./status.ts";
import type { TryCause } from "./tries.ts";

export type Mover = "api" | "dispatch" | "task" | "finish" | "sweep";

/** A move somebody wants to make. `attempt`, where there is one, is the one that the mover knows of: a mover from the past is refused. */
export type Move =
  | {
      readonly name: "dispatch";
      readonly by: Mover;
      readonly at: Date;
      readonly slot: number;
      /** Which of its namespace's shares of the slots. */
      readonly share: number;
      /** The namespace's next turn. */
      readonly turn: number;
    }
  | {
      readonly name: "putBack";
      readonly by: Mover;
      readonly at: Date;
      readonly attempt: number;
      /** What was in the way, as a sentence. */
      readonly because: string;
      readonly nextTryOn: Date;
    }
  | {
      readonly name: "retry";
      readonly by: Mover;
      readonly at: Date;
      readonly attempt: number;
      readonly cause: TryCause;
      /** What happened, as sentences. */
      readonly what: string;
      /** The same, with what comes next. */
      readonly statusInfo: string;
      readonly nextTryOn: Date;
      readonly memoryMiB: number;
    }
  | {
      readonly name: "claim";
      readonly by: Mover;
      readonly at: Date;
      readonly attempt: number;
      readonly owner: string;
    }
  | {
      readonly name: "complete";
      readonly by: Mover;
      readonly at: Date;
      readonly attempt: number;
      readonly result: CompletedResult;
    }
  | {
      readonly name: "fail";
      readonly by: Mover;
      readonly at: Date;
      /** 0 for a build that no attempt was begun for. */
      readonly attempt: number;
      readonly reason: string;
      readonly artifacts: readonly Artifact[];
    }
  | { readonly name: "cancel"; readonly by: Mover; readonly at: Date };
