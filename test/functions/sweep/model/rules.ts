import type { Step } from "#test/core/build/model/explore.ts";
import { CONDITIONS, type Conditions, type Kind, type World } from "./world.ts";

export type ModelStep = Step<World>;

/** Bounds of the model, and what of the product the explorer may replace, to see whether it notices. */
export interface Rules {
  readonly builds: number;
  /** Passes of sweep at work at once. */
  readonly passes: number;
  readonly kind: Kind;
  /** Whether messages that were done with long ago come again. */
  readonly oldMessages: boolean;
  readonly conditions: Conditions;
  /** A task that lost its build may write on for a while; an ended build gives nothing back before. */
  readonly waitsForTask: boolean;
  /** Another pass removes an object only when who condemned it cannot be at work any more. */
  readonly waitsForPass: boolean;
  /** What is lent is looked at before it is held, not after. */
  readonly looksFirst: boolean;
  /** Store removes what it is told to, whatever the table says. */
  readonly believesMessages: boolean;
}

export const rulesFor = (
  bounds: Pick<Rules, "kind" | "builds" | "passes" | "oldMessages">,
  planted: Partial<Rules> = {},
): Rules => ({
  conditions: CONDITIONS,
  waitsForTask: true,
  waitsForPass: true,
  looksFirst: false,
  believesMessages: false,
  ...bounds,
  ...planted,
});
