/**
 * What the one-machine stack sets differently from production, and nothing else: test/local/template.test.ts holds the
 * two templates to this list. Given as the CDK context value `local`, a JSON object.
 * @module
 */

/** Every path is absolute. */
export interface LocalDeployment {
  /** Stands for the container image; the RunTask endpoint runs the build task from source. */
  readonly image: string;
  /** Where functions find ECS: the project's RunTask endpoint. */
  readonly ecsEndpoint: string;
  /** The shared disk as consumers see it: the store directory. */
  readonly storeDirectory: string;
  /** Where build tasks see the shared disk. */
  readonly taskDiskDirectory: string;
  /** Where build tasks have their own fast disk. */
  readonly taskWorkDirectory: string;
  readonly engine: "mamba" | "rattler";
  /** mamba, micromamba, or a Python with py-rattler. */
  readonly engineProgram: string;
  /** A Python with conda-pack. */
  readonly packPython: string;
  /** `host:port` list of channels on this machine. */
  readonly allowedPrivateHosts: readonly string[];
  /** Settings of the lowest layer, e.g. the channels. */
  readonly settings: Readonly<Record<string, unknown>>;
}

const TEXTS = [
  "image",
  "ecsEndpoint",
  "storeDirectory",
  "taskDiskDirectory",
  "taskWorkDirectory",
  "engine",
  "engineProgram",
  "packPython",
] as const satisfies readonly (keyof LocalDeployment)[];

/**
 * Reads the context value.
 * @throws Error naming the first missing field
 */
export function parseLocalDeployment(text: string): LocalDeployment {
  const value = JSON.parse(text) as Partial<Record<keyof LocalDeployment, unknown>>;
  const missing = TEXTS.find((name) => typeof value[name] !== "string");
  if (missing) throw new Error(`The context value "local" has no ${missing}.`);
  if (!Array.isArray(value.allowedPrivateHosts)) {
    throw new Error('The context value "local" has no allowedPrivateHosts.');
  }
  if (typeof value.settings !== "object") throw new Error('The context value "local" has no settings.');
  return value as LocalDeployment;
}
