/**
 * Where a build's artifacts may lie. A task names them, and the API later signs addresses for what it named, so a task
 * must not be able to name another build's log or another namespace's directory.
 * @module
 */
import { PREFIXES } from "#core/layout.ts";
import type { Build } from "./build.ts";
import type { Artifact, ArtifactType } from "./status.ts";

const KEY_PREFIX: Readonly<Partial<Record<ArtifactType, (build: number) => string>>> = {
  LOCKFILE: () => PREFIXES.locks,
  YAML: () => PREFIXES.exports,
  CONDA_PACK: () => PREFIXES.archives,
  CONSTRUCTOR_INSTALLER: () => PREFIXES.archives,
  DOCKER_MANIFEST: () => PREFIXES.manifests,
  LOGS: (build) => `${PREFIXES.logs}${build}/`,
};

/** Says whether the build may have this artifact at this place. */
export function mayLieThere({ id, namespace }: Pick<Build, "id" | "namespace">, artifact: Artifact): boolean {
  const { type, key } = artifact;
  if (key.split("/").some((part) => part === "." || part === "..")) return false;
  if (type === "DIRECTORY") return key.startsWith("/") && key.split("/").at(-2) === namespace;
  const prefix = KEY_PREFIX[type]?.(id);
  return prefix !== undefined && key.startsWith(prefix) && key.length > prefix.length;
}

/** The directory that the environment's link should point at: the last part of DIRECTORY's path, or none. */
export function directoryOf(artifacts: readonly Artifact[]): string | null {
  return (
    artifacts
      .find(({ type }) => type === "DIRECTORY")
      ?.key.split("/")
      .at(-1) ?? null
  );
}
