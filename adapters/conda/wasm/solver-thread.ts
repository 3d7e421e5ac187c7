/**
 * Beginning the solver's thread, answering what it asks for, and ending it.
 * @module
 */
import { Worker } from "node:worker_threads";

/** What the thread is told. */
export interface SolverOrder {
  readonly specs: readonly string[];
  /** Addresses with a slash at their end, in priority order. */
  readonly channels: readonly string[];
  readonly platforms: readonly string[];
}

export interface SolverRecord {
  readonly name: string;
  readonly version: string;
  readonly build: string;
  readonly buildNumber: number;
  readonly subdir: string;
  readonly fileName: string;
  readonly url: string;
  readonly sha256: string | null;
  readonly md5: string | null;
  readonly sizeBytes: number;
  readonly depends: readonly string[];
}

export type SolverMessage =
  | { readonly kind: "fetch"; readonly id: number; readonly url: string }
  | { readonly kind: "solved"; readonly packages: readonly SolverRecord[] }
  | { readonly kind: "failed"; readonly text: string };

export interface FetchAnswer {
  readonly id: number;
  readonly status: number;
  /** null: it could not be fetched. */
  readonly body: Uint8Array | null;
}

/** A file of a channel's index. */
export interface IndexFile {
  readonly status: number;
  readonly body: Uint8Array;
  /** ETag, or else Last-Modified; null where there is neither. */
  readonly validator: string | null;
}

type Ended = Exclude<SolverMessage, { kind: "fetch" }>;

/** Beside this file, in the source as in the bundle. */
const WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "./solver-worker.ts" : "./solver-worker.mjs",
  import.meta.url,
);

/**
 * @param answer gives each file that the solver asks for, once
 * @throws the first error of `answer`, which is why the solver failed; the signal's reason; Error when the thread dies
 */
export async function runSolver(
  order: SolverOrder,
  answer: (url: URL) => Promise<IndexFile>,
  signal: AbortSignal,
): Promise<Ended> {
  signal.throwIfAborted();
  const kept = new Map<string, Promise<IndexFile>>();
  let trouble: unknown;
  const worker = new Worker(WORKER, { workerData: order });
  const stop = (): void => void worker.terminate();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const ended = await new Promise<Ended>((resolve, reject) => {
      worker.on("error", reject);
      worker.on("exit", () => {
        reject(signal.aborted ? signal.reason : new Error("the solver's thread ended without a word"));
      });
      worker.on("message", (message: SolverMessage) => {
        if (message.kind !== "fetch") return resolve(message);
        const { id, url } = message;
        const file = kept.get(url) ?? answer(new URL(url));
        kept.set(url, file);
        file.then(
          ({ status, body }) => worker.postMessage({ id, status, body }),
          (error: unknown) => {
            trouble ??= error;
            worker.postMessage({ id, status: 0, body: null });
          },
        );
      });
    });
    if (ended.kind === "failed" && trouble !== undefined) throw trouble;
    return ended;
  } finally {
    signal.removeEventListener("abort", stop);
    await worker.terminate();
  }
}
