/**
 * Deciding in the model: by what is true now, for a transaction that is sent at any later moment.
 * @module
 */
import type { Build } from "#core/build/build.ts";
import type { Move } from "#core/build/move.ts";
import type { decide } from "#core/build/state-machine.ts";
import type { Watch } from "#core/build/watch.ts";
import type { Environment } from "#core/environment/environment.ts";
import type { Step } from "./explore.ts";
import type { ModelAttempt, Pending, PersonsWrite, World } from "./world.ts";

export const AT = new Date("2026-01-01T00:00:00Z");

export const USER = "user";
/** Somebody who tidies up, while the other one works: sweep does the same when an environment keeps its newest only. */
export const TIDY = "tidy user";
export const PERSONS: readonly string[] = [USER, TIDY];

/** What the explorer may replace, to see whether it notices. */
export interface Rules {
  readonly decide: typeof decide;
  /** Whether the table takes a task's write. */
  readonly mayWrite: (record: ModelAttempt, owner: string) => boolean;
  /** Whether sweep gives a claimed task up. @param record with its true age, which only a wrong rule may ask for */
  readonly looksDead: (watch: Watch, record: ModelAttempt) => boolean;
  /** What must still hold when a deletion that may be comes to the table. */
  readonly deletionOf: (build: Build, environment: Environment) => PersonsWrite;
}

export interface Bounds {
  readonly builds: number;
  /** Attempts of one build. */
  readonly attempts: number;
  readonly slots: number;
  /** Transactions of the product decided and not yet sent, beside one of a person's. */
  readonly pending: number;
  /** Whether people delete builds, pin them and take pins away. */
  readonly deletion: boolean;
  /** Whether tasks are killed and stand still, ECS refuses, and who decided dies before it acts. */
  readonly mishaps: boolean;
}

export interface ModelStep extends Step<World> {
  /** A task wrote, and the table took it. */
  readonly wrote?: { readonly build: number; readonly attempt: number; readonly owner: string };
  /** Sweep called this task dead by its beats. */
  readonly gaveUp?: string;
}

/** A move that was decided by what is true now, to be sent at any later moment; nothing if it is refused. */
export function* intend(
  world: World,
  { decide }: Rules,
  bounds: Bounds,
  by: string,
  build: Build,
  move: Move,
  facts: Omit<ModelStep, "label" | "next">,
): Generator<ModelStep> {
  if (by in world.pending || (!PERSONS.includes(by) && isCrowded(world, bounds))) return;
  const decision = decide(build, move, move.name === "complete" ? world.environment : null);
  if (!decision.allowed) return;
  const { writes } = decision;
  const next = withPending(world, by, { writes, choice: null, key: keyOf(move.name, writes) });
  const attempt = "attempt" in move ? ` of attempt ${move.attempt}` : "";
  yield { label: `${by} decides ${move.name}${attempt} of build ${build.id}`, next, ...facts };
}

const isCrowded = ({ pending }: World, bounds: Bounds): boolean =>
  Object.keys(pending).filter((by) => !PERSONS.includes(by)).length >= bounds.pending;

export const keyOf = (name: string, writes: readonly object[]): string =>
  name + JSON.stringify(writes, (property, value: unknown) => (property === "set" ? undefined : value));

export const withPending = (world: World, by: string, pending: Pending): World => ({
  ...world,
  pending: { ...world.pending, [by]: pending },
});
