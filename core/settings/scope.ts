/**
 * Settings at their scopes: the deployment's, then what was set for everything, for a namespace, for an environment.
 * Values replace each other, lists are never merged.
 * @module
 */
import * as v from "valibot";
import { ARTIFACT_TYPES } from "#core/build/status.ts";
import { AppError } from "#core/errors.ts";
import { isBaseImage, isFrom } from "#core/image/reference.ts";
import { parseRule } from "#core/login/rules.ts";
import { GLOBAL_KEYS } from "./properties.ts";
import { A_BASE_IMAGE, LOGIN_NAMESPACES, type Settings } from "./settings.ts";

export type SettingsScope =
  | { readonly kind: "global" }
  | { readonly kind: "namespace"; readonly namespace: string }
  | { readonly kind: "environment"; readonly namespace: string; readonly environment: string };

const LISTS = [
  "conda_default_channels",
  "conda_allowed_channels",
  "conda_indexed_channels",
  "conda_default_packages",
  "conda_required_packages",
  "conda_included_packages",
  "pypi_default_packages",
  "pypi_required_packages",
  "pypi_included_packages",
  "login_roles",
] as const satisfies readonly (keyof Settings)[];
const NUMBERS = ["builds_kept", "namespace_quota_bytes"] as const satisfies readonly (keyof Settings)[];

/** What can be changed while the service runs; everything else is a property of the deployment. */
export const CHANGEABLE = [
  ...LISTS,
  ...NUMBERS,
  "build_artifacts",
  "default_docker_base_image",
  "login_namespaces",
] as const;
export type ChangeableKey = (typeof CHANGEABLE)[number];

/** Of these, what is set for the whole store only: nobody logs in at a namespace. */
export const SET_GLOBALLY = [
  "login_roles",
  "login_namespaces",
  "conda_indexed_channels",
] as const satisfies readonly ChangeableKey[];

/** What one scope sets. */
export type SettingsLayer = Readonly<
  Partial<
    Record<(typeof LISTS)[number], readonly string[]> &
      Record<(typeof NUMBERS)[number], number> &
      Pick<Settings, "build_artifacts" | "default_docker_base_image" | "login_namespaces">
  >
>;

export interface ScopedLayer {
  readonly scope: SettingsScope;
  readonly values: SettingsLayer;
}

export interface LayeredSettings {
  readonly settings: Settings;
  /** Whose value counts, e.g. `setting conda_allowed_channels of namespace team`. */
  readonly describe: (key: keyof Settings) => string;
}

/** A namespace's own people must not give it more room: set for one namespace by who may set it for all. */
export const SET_FROM_ABOVE: readonly ChangeableKey[] = ["namespace_quota_bytes"];

const isChangeable = (key: string): key is ChangeableKey => (CHANGEABLE as readonly string[]).includes(key);

/** Lays scopes over the deployment's settings, the widest first. The result is a fresh object. */
export function layerSettings(deployment: Settings, layers: readonly ScopedLayer[]): LayeredSettings {
  const origins = new Map<string, SettingsScope>();
  const values: Record<string, unknown> = { ...deployment };
  for (const { scope, values: layer } of layers) {
    for (const key of CHANGEABLE) {
      const value = layer[key];
      if (value === undefined) continue;
      if (typeof value === "object") values[key] = [...value];
      // An empty text gives back what the deployment has.
      else values[key] = value === "" ? deployment[key] : value;
      origins.set(key, scope);
    }
  }
  return {
    settings: values as Settings,
    describe: (key) => `setting ${key} of ${scopeName(origins.get(key))}`,
  };
}

/** In words. */
function scopeName(scope: SettingsScope | undefined): string {
  if (!scope) return "the deployment";
  if (scope.kind === "global") return "the whole store";
  if (scope.kind === "namespace") return `namespace ${scope.namespace}`;
  return `environment ${scope.namespace}/${scope.environment}`;
}

const LIST = "must be a list of strings";
const List = v.pipe(
  v.array(
    v.pipe(
      v.string(LIST),
      v.nonEmpty("must not hold an empty string"),
      v.maxLength(500, "must not hold a text of more than 500 characters"),
    ),
    LIST,
  ),
  v.maxLength(500, "must not hold more than 500 texts"),
  // All keys of a scope are one item of the table.
  v.check(
    (texts) => new TextEncoder().encode(texts.join("")).length <= 32 * 1024,
    "must not hold more than 32 KiB of text",
  ),
);

const Count = v.pipe(
  v.number("must be a number"),
  v.safeInteger("must be a whole number"),
  v.minValue(0, "must not be less than 0, which means no limit"),
);

const Artifacts = v.pipe(
  v.array(v.picklist(ARTIFACT_TYPES, `must hold artifact types: ${ARTIFACT_TYPES.join(", ")}`), LIST),
  v.maxLength(ARTIFACT_TYPES.length, "must not hold an artifact type twice"),
);

const Rules = v.pipe(
  List,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const text of dataset.value) {
      const fault = parseRule(text);
      if (typeof fault === "string") addIssue({ message: `holds ${JSON.stringify(text)}, which ${fault}` });
    }
  }),
);

const Namespaces = v.pipe(
  v.array(v.picklist(LOGIN_NAMESPACES, `must hold ${LOGIN_NAMESPACES.join(" or ")}`), LIST),
  v.maxLength(LOGIN_NAMESPACES.length, "must not hold a word twice"),
);

const BaseImage = v.pipe(
  v.string("must be a string"),
  v.check(
    (text) => text === "" || isBaseImage(text),
    `must be ${A_BASE_IMAGE}, or empty for the deployment's`,
  ),
);

const schemaOf = (key: ChangeableKey) => {
  if (key === "build_artifacts") return Artifacts;
  if (key === "default_docker_base_image") return BaseImage;
  if (key === "login_roles") return Rules;
  if (key === "login_namespaces") return Namespaces;
  return (NUMBERS as readonly string[]).includes(key) ? Count : List;
};

const refuse = (message: string): never => {
  throw new AppError("invalid_request", message);
};

/**
 * Reads what somebody wants to set at a scope. A key that the deployment fixes is taken with its own value only, and
 * then changes nothing.
 * @returns validated values, which are what is stored
 * @throws AppError `invalid_request` (400) that names the key
 */
export function readSettingsChange(
  given: Readonly<Record<string, unknown>>,
  scope: SettingsScope,
  deployment: Settings,
): SettingsLayer {
  const unknown = Object.keys(given).filter((key) => !isChangeable(key) && !Object.hasOwn(deployment, key));
  if (unknown.length > 0) {
    const names = unknown.slice(0, 5).map((key) => `'${key.slice(0, 60)}'`);
    refuse(`Invalid setting keys {${names.join(", ")}}`);
  }
  const layer: Record<string, readonly string[] | number | string> = {};
  for (const [key, value] of Object.entries(given)) {
    if (!isChangeable(key)) {
      mustBeTheDeployments(key, value, scope, deployment);
      continue;
    }
    if (scope.kind === "environment" && SET_FROM_ABOVE.includes(key)) {
      refuse(`Setting ${key} is a namespace's: it cannot be set within an environment`);
    }
    const result = v.safeParse<ReturnType<typeof schemaOf>>(schemaOf(key), value);
    if (!result.success) return refuse(`validation error for setting ${key}: ${result.issues[0].message}`);
    layer[key] = result.output;
  }
  return layer;
}

/**
 * Whether images may be put on this one: that of the deployment, and what is from where it allows. Who may name another sees
 * what is in it, by what the deployment shows the registry.
 * @returns null, or the end of a sentence that says what would do
 */
export function faultOfBaseImage(name: string, deployment: Settings): string | null {
  const { default_docker_base_image: own, docker_allowed_base_images: sources } = deployment;
  if (name === "" || name === own || isFrom(name, sources)) return null;
  const places = sources.length === 0 ? "nowhere else" : `from ${sources.join(", ")}`;
  return (
    `must be the deployment's own image or ${places}: ` +
    "what is allowed is the setting docker_allowed_base_images, a property of the deployment"
  );
}

/**
 * What a build's image is put on, as it is set when the build is asked for; null for a build without an image.
 * @throws AppError `setting_violated` where what was set is not allowed any more
 */
export function baseImageFor({ settings, describe }: LayeredSettings, deployment: Settings): string | null {
  if (!settings.build_artifacts.includes("DOCKER_MANIFEST")) return null;
  const { default_docker_base_image: name } = settings;
  const fault = faultOfBaseImage(name, deployment);
  if (fault === null) return name;
  throw new AppError(
    "setting_violated",
    `The base image ${name} (${describe("default_docker_base_image")}) ${fault}.`,
  );
}

function mustBeTheDeployments(key: string, value: unknown, scope: SettingsScope, deployment: Settings): void {
  const fixed = deployment[key as keyof Settings];
  if (JSON.stringify(value) === JSON.stringify(fixed)) return;
  if (scope.kind !== "global") mustNotBeGlobal(key);
  refuse(
    `Setting ${key} is a property of the deployment, which is ${JSON.stringify(fixed)}: change it there`,
  );
}

/** @throws AppError `invalid_request` for a key that is set for the whole store only */
export function mustNotBeGlobal(key: string): void {
  if (!GLOBAL_KEYS.includes(key)) return;
  refuse(`Setting ${key} is a global setting and cannot be set within a namespace or environment`);
}
