/**
 * Holding what a build makes or borrows, before it looks for it: what is held is not removed.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import { holdThings } from "#adapters/dynamodb/holds.ts";
import { LeaseLost } from "./failure.ts";
import type { StepContext, Task } from "./task.ts";

/** A removal takes a moment; one that broke off is finished by sweep within minutes. */
const PAUSE_MS = 2_000;

/** Holds things that this build makes. One that is just being removed is waited for: it is made anew after that. */
export async function hold(task: Task, step: StepContext, things: readonly string[]): Promise<void> {
  for (;;) {
    const outcome = await holdThings(task.db, task.who, things);
    if (outcome === "held") return;
    if (outcome === "lost") throw lost(task);
    step.line("what an earlier build left is being removed: this waits for it");
    await pause(PAUSE_MS, undefined, { signal: step.signal });
  }
}

/** Holds things that another build made. @returns false when they are being removed, or gone */
export async function holdLent(task: Task, things: readonly string[]): Promise<boolean> {
  const outcome = await holdThings(task.db, task.who, things, { mustExist: true });
  if (outcome === "lost") throw lost(task);
  return outcome === "held";
}

function lost(task: Task): LeaseLost {
  task.lost();
  return new LeaseLost();
}
