/**
 * A namespace: whose environments these are.
 * @module
 */
import type { NamespaceName } from "#core/names.ts";

export interface Namespace {
  readonly id: number;
  readonly name: NamespaceName;
  readonly createdAt: Date;
  /** Number of its environments. */
  readonly environments: number;
}

/** What a namespace's builds add up to. `active` is QUEUED and BUILDING together: slots bound the latter. */
export interface BuildCounts {
  readonly builds: number;
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
  readonly canceled: number;
  /** Bytes of the files of all its completed builds. */
  readonly sizeBytes: number;
}
