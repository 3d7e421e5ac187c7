/**
 * Comparing many files with the hashes they should have, and looking over a whole tree, in a thread of its own.
 * @module
 */
import { Worker } from "node:worker_threads";

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
  /** What was looked at, by which a change since can be told. */
  readonly seen: Seen;
}

export interface Seen {
  /** Inode of each file, in the order of the files; 0 where it was not read. */
  readonly inodes: readonly number[];
  /** A file that was changed after it was read has this time of change, or a later one. No user can set that time. */
  readonly sinceMs: number;
}

export interface InspectOrder extends ReadOrder {
  readonly seen: Seen;
  /** Whose every entry must be, or the supervisor's own; null: that says nothing here. */
  readonly user: number | null;
  /** Links that may lead out of the root, below it. */
  readonly outwardLinks: readonly string[];
}

/** Paths below the root. */
export interface InspectReport {
  /** Neither directory, file nor link. */
  readonly special: readonly string[];
  /** Another's file under a name of its own: a hard link to outside. */
  readonly foreign: readonly string[];
  /** Links that lead out of the root, and files behind such links. */
  readonly outside: readonly string[];
  /** Of the files with hashes, as now. */
  readonly missing: readonly string[];
  readonly different: readonly string[];
  /** Ran as its owner, or could be written by others: not any more. */
  readonly tamed: readonly string[];
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
export const readFiles = (order: ReadOrder, signal: AbortSignal): Promise<ReadReport> =>
  inThread<ReadReport>(order, signal);

/**
 * Looks at every entry of a tree whose users have ended, and again at every file that is not the one that was read, or was
 * changed since. Then everything is the supervisor's own; it can be read by all, be written by its owner only, and nothing of it
 * runs as somebody else.
 * @throws as `readFiles`
 */
export const inspectTree = (order: InspectOrder, signal: AbortSignal): Promise<InspectReport> =>
  inThread<InspectReport>(order, signal);

async function inThread<Report>(order: ReadOrder | InspectOrder, signal: AbortSignal): Promise<Report> {
  signal.throwIfAborted();
  const worker = new Worker(WORKER, { workerData: order });
  const { promise, resolve, reject } = Promise.withResolvers<Report>();
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
