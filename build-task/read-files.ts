/**
 * Comparing many files with the hashes they should have, in a thread of its own.
 * @module
 */
import { Worker } from "node:worker_threads";

/** What the thread is told. */
export interface ReadOrder {
  readonly root: string;
  /** Path below the root, and the sha256 of which one must be the file's; none: it only must be there. */
  readonly files: readonly (readonly [path: string, hashes: readonly string[]])[];
}

export interface ReadReport {
  readonly missing: readonly string[];
  /** Other bytes, or no regular file at all. */
  readonly different: readonly string[];
  /** Behind a link that leads out of the root; what is there was not looked at. */
  readonly outside: readonly string[];
  /** That were read. */
  readonly bytes: number;
}

/** Beside this file, in the source as in the bundle. */
const WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "./seal-worker.ts" : "./seal-worker.mjs",
  import.meta.url,
);

/**
 * Links are not followed.
 * @throws the signal's reason; Error when a file cannot be read
 */
export async function readFiles(order: ReadOrder, signal: AbortSignal): Promise<ReadReport> {
  signal.throwIfAborted();
  const worker = new Worker(WORKER, { workerData: order });
  const { promise, resolve, reject } = Promise.withResolvers<ReadReport>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.once("exit", (code) => reject(new Error(`the reading thread ended with ${code}`)));
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    await worker.terminate();
  }
}
