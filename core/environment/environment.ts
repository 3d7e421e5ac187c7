/**
 * An environment: a name in a namespace that points at one of its builds.
 * @module
 */
import type { MemoryNeed } from "#core/build/task-size.ts";
import type { EnvironmentName, NamespaceName } from "#core/names.ts";

export interface Environment {
  readonly id: number;
  readonly namespace: { readonly id: number; readonly name: NamespaceName };
  readonly name: EnvironmentName;
  readonly description: string;
  /** The first build until one completes; then the newest completed one, or the one somebody chose. */
  readonly currentBuildId: number;
  /**
   * A build that completes becomes the current one only if its id is greater than this: 0 at first, then the id of the
   * current build; somebody who chooses a build sets it to the newest build id there is, so that no build posted
   * before the choice undoes it.
   */
  readonly currentAfter: number;
  /** Number of its builds. */
  readonly builds: number;
  readonly createdAt: Date;
  readonly need: MemoryNeed;
  /** What the link on the shared disk should point at. The version grows with each change. */
  readonly link: { readonly version: number; readonly buildKey: string | null };
  /** Which rows tell of its current build's packages; null while no build with packages is current. */
  readonly use: PackageUse | null;
}

/** One writing of an environment's packages into the index of what uses what. */
export interface PackageUse {
  readonly id: string;
  readonly lockDigest: string;
}

/** As lists show it. */
export type EnvironmentRow = Pick<
  Environment,
  "id" | "namespace" | "name" | "description" | "currentBuildId" | "use"
>;
