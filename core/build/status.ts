/**
 * The words on the wire for a build's status and artifacts: conda-store's, case included.
 * @module
 */
export const BUILD_STATUSES = ["QUEUED", "BUILDING", "COMPLETED", "FAILED", "CANCELED"] as const;
export type BuildStatus = (typeof BUILD_STATUSES)[number];

export const ARTIFACT_TYPES = [
  "DIRECTORY",
  "LOCKFILE",
  "LOGS",
  "YAML",
  "CONDA_PACK",
  "DOCKER_MANIFEST",
  "CONSTRUCTOR_INSTALLER",
] as const;
export type ArtifactType = (typeof ARTIFACT_TYPES)[number];

/** A stored product of a build. `key` is an object key, or an absolute path for DIRECTORY. */
export interface Artifact {
  readonly type: ArtifactType;
  readonly key: string;
  readonly sizeBytes: number;
}
