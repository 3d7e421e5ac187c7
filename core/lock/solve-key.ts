/**
 * When a solve need not be made again: the same requirements, the same engine, and indexes that have not changed.
 * @module
 */
import { createHash } from "node:crypto";

/** One file of a channel's index as an engine read it. */
export interface IndexSource {
  /** True base address of the channel. */
  readonly channel: string;
  /** Below the channel: `linux-64/repodata.json.zst`. */
  readonly path: string;
  readonly status: 200 | 404;
  /** The answer's ETag, or else its Last-Modified; null for a file that is not there. */
  readonly validator: string | null;
}

export interface SolveKeyParts {
  /** As with artifacts, nothing is lent across namespaces. */
  readonly namespace: string;
  /** Name and version. */
  readonly engine: string;
  readonly platform: string;
  readonly specs: readonly string[];
  /** In priority order. */
  readonly channels: readonly string[];
  readonly virtualPackages: Readonly<Record<string, string>>;
}

/** Raised when the same request would be answered otherwise. */
const SOLVER_FORMAT = 1;

/** @returns 64 hexadecimal digits */
export function solveKeyOf(parts: SolveKeyParts): string {
  const { namespace, engine, platform, specs, channels, virtualPackages } = parts;
  const virtual = Object.entries(virtualPackages).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([SOLVER_FORMAT, namespace, engine, platform, specs, channels, virtual]))
    .digest("hex");
}
