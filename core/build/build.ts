/**
 * A build: one environment made (or tried) from one specification.
 * @module
 */
import type { BuildId, EnvironmentName, NamespaceName, Sha256 } from "#core/names.ts";
import type { Artifact, ArtifactType, BuildStatus } from "./status.ts";
import type { Tries } from "./tries.ts";

export interface Build {
  readonly id: BuildId;
  readonly namespace: NamespaceName;
  readonly environment: EnvironmentName;
  readonly environmentId: number;
  /** conda-store's hash of the specification; with `document` it names the stored text. */
  readonly specificationSha256: Sha256;
  /** sha256 of the normalised document with its order kept: the hash above ignores the order of channels. */
  readonly document: Sha256;
  readonly buildKey: string;
  readonly status: BuildStatus;
  /** What the build waits for, why it failed, what comes next; a sentence a user can act on. */
  readonly statusInfo: string | null;
  readonly scheduledOn: Date;
  /** Since when it waits for its task: since it was posted, or since an attempt that had begun gave it back. */
  readonly waitingSince: Date;
  readonly startedOn: Date | null;
  readonly endedOn: Date | null;
  /** Bytes of the environment's files; 0 until completed. */
  readonly sizeBytes: number;
  /** Number of the attempt that claimed last; 0 while none has. */
  readonly attempt: number;
  /** Attempt number for which a slot is held and a task was asked for; 0 when none is. */
  readonly dispatched: number;
  /** Highest attempt number ever given out. A number is never used twice, so a task from the past cannot claim. */
  readonly lastAttempt: number;
  /** Memory that its task gets at least; 0 while nothing says that the smallest task will not do. */
  readonly memoryMiB: number;
  /** Attempts that ended without a verdict. */
  readonly tries: Tries;
  /** What happened to the last of these; null when there is none. */
  readonly lastTrouble: string | null;
  /** Number of the slot held; null when none is. */
  readonly slot: number | null;
  /** Number of its namespace's share of the slots; held with the slot. */
  readonly share: number | null;
  readonly artifacts: readonly Artifact[];
  readonly lockDigest: Sha256 | null;
  /** Object key of the lockfile that is built instead of a new solve; null when there is none. */
  readonly frozenLock: string | null;
  /** Somebody wants it kept; null when nobody does. */
  readonly pinnedOn: Date | null;
  /** Deleted; what the setting `build_artifacts_kept_on_deletion` names is still there. Null while it is not. */
  readonly deletedOn: Date | null;
  /** The API's request that asked for it, which every log line about it names; null for builds of before that. */
  readonly requestId: string | null;
  /** The setting build_artifacts as it was when the build was asked for; null for builds of before that. */
  readonly artifactsWanted: readonly ArtifactType[] | null;
  /** The setting default_docker_base_image, likewise; null too for builds that are to have no image. */
  readonly baseImage: string | null;
}

/** conda-store's build key, version 2: first 8 of the hash, unix seconds, id, name. */
export function buildKeyOf(sha256: string, scheduledOn: Date, id: number, name: string): string {
  return `${sha256.slice(0, 8)}-${Math.floor(scheduledOn.getTime() / 1000)}-${id}-${name}`;
}
