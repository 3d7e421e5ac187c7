/**
 * Holding the lease: the beat is raised from a thread of its own, so that a busy main thread does not lose it.
 * @module
 */
import { Worker } from "node:worker_threads";
import type { AttemptOwner } from "#adapters/dynamodb/attempts.ts";

export interface Lease {
  /** Ends the beating; the lease stays until the attempt is closed. */
  release(): Promise<void>;
}

/** What the thread is told. */
export interface BeatOrder {
  readonly table: string;
  readonly who: AttemptOwner;
}

/** Beside this file, in the source as in the bundle. */
const WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "./beat-worker.ts" : "./beat-worker.mjs",
  import.meta.url,
);

/** Most of a small build is over by then; the first beat is due much later. */
const START_MS = 3_000;

/**
 * Begins to raise the beat.
 * @param lost called once, when the attempt was closed or taken, or when the thread itself failed
 */
export function holdLease(order: BeatOrder, lost: (error: Error | null) => void): Lease {
  let worker: Worker | undefined;
  let released = false;
  const once = (error: Error | null): void => {
    if (released) return;
    released = true;
    lost(error);
  };
  const timer = setTimeout(() => {
    worker = new Worker(WORKER, { workerData: order });
    worker.on("message", () => once(null));
    worker.on("error", (error) => once(error instanceof Error ? error : new Error(String(error))));
    // The task's work keeps the process alive, not its beat.
    worker.unref();
  }, START_MS);
  timer.unref();
  return {
    async release() {
      released = true;
      clearTimeout(timer);
      await worker?.terminate();
    },
  };
}
