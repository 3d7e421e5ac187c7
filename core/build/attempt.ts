/**
 * An attempt: one task's try at a build. Its record is all that a task may write; `finish` reads it.
 * @module
 */
import * as v from "valibot";
import { ARTIFACT_TYPES, type Artifact } from "./status.ts";
import { TRY_CAUSES, type TryCause } from "./tries.ts";

/** The environment is built, published and verified. */
export interface CompletedResult {
  readonly outcome: "completed";
  /** Bytes of the environment's files. */
  readonly sizeBytes: number;
  /** sha256 of the lock's canonical form; names the package list too. */
  readonly lockDigest: string;
  readonly artifacts: readonly Artifact[];
  /** Number of packages, pip's among them. */
  readonly packages: number;
}

/** It cannot be built; trying again without a change would end the same way. */
export interface FailedResult {
  readonly outcome: "failed";
  /** A sentence for the user: what happened and what to do. Becomes the build's `statusInfo`. */
  readonly reason: string;
  readonly step: string;
  /** What exists all the same, the log for instance. */
  readonly artifacts?: readonly Artifact[];
}

/** The task had to stop before it knew: another attempt may end otherwise. */
export interface UndecidedResult {
  readonly outcome: "undecided";
  readonly cause: TryCause;
  /** What happened, as sentences without advice. */
  readonly what: string;
  readonly step: string;
}

export type AttemptResult = CompletedResult | FailedResult | UndecidedResult;

export interface Attempt {
  readonly build: number;
  readonly attempt: number;
  /** Who claimed: the task's ARN where it is known. Null until claimed. */
  readonly owner: string | null;
  /** Raised by the owner while it lives; compared with nothing but itself. */
  readonly beat: number;
  /** The step reported last; null before the first. */
  readonly step: string | null;
  readonly result: AttemptResult | null;
  /** Set when the build ended or went on without this attempt: nothing of it can be written any more. */
  readonly closed: boolean;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const ArtifactSchema = v.object({
  type: v.picklist(ARTIFACT_TYPES),
  key: v.pipe(v.string(), v.nonEmpty()),
  sizeBytes: count,
});
const AttemptResultSchema = v.variant("outcome", [
  v.object({
    outcome: v.literal("completed"),
    sizeBytes: count,
    lockDigest: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
    artifacts: v.array(ArtifactSchema),
    packages: count,
  }),
  v.object({
    outcome: v.literal("failed"),
    reason: v.pipe(v.string(), v.nonEmpty()),
    step: v.string(),
    artifacts: v.optional(v.array(ArtifactSchema)),
  }),
  v.object({
    outcome: v.literal("undecided"),
    cause: v.picklist(TRY_CAUSES),
    what: v.pipe(v.string(), v.nonEmpty()),
    step: v.string(),
  }),
]);

/**
 * Reads a result as a task wrote it. The task ran a stranger's code beside it, so `finish` takes nothing on trust.
 * @returns null when it is no result at all
 */
export function parseAttemptResult(value: unknown): AttemptResult | null {
  const result = v.safeParse(AttemptResultSchema, value);
  if (!result.success) return null;
  const { output } = result;
  if (output.outcome !== "failed") return output;
  const { artifacts, ...rest } = output;
  return artifacts ? { ...rest, artifacts } : rest;
}
