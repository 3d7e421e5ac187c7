/**
 * Settings: what operators may change without a deployment, under conda-store's own key names.
 * This is the lowest layer, the deployment's; namespaces and environments override it key by key.
 * @module
 */
import * as v from "valibot";
import { ARTIFACT_TYPES } from "#core/build/status.ts";
import { BASE_IMAGE, isBaseImage, parseBaseSource, usualSources } from "#core/image/reference.ts";
import { parseRule } from "#core/login/rules.ts";
import { NewNamespaceName } from "#core/names.ts";
import { PROPERTIES } from "./properties.ts";

/** Of whom a login may make namespaces. */
export const LOGIN_NAMESPACES = ["users", "groups"] as const;

/** In words. */
export const A_BASE_IMAGE =
  "a reference such as docker.io/library/debian:stable-slim, a tar's address with #sha256:…, or scratch";

const LIST = "must be a list of strings";
const texts = (fallback: readonly string[]) =>
  v.optional(v.array(v.pipe(v.string(LIST), v.nonEmpty("must not hold an empty string")), LIST), [
    ...fallback,
  ]);

const count = v.optional(
  v.pipe(
    v.number("must be a number"),
    v.safeInteger("must be a whole number"),
    v.minValue(0, "must not be negative"),
  ),
  0,
);

/** One entry per setting: its type and its default. Keys are conda-store's (they travel over the API). */
const ENTRIES = {
  ...PROPERTIES,
  default_namespace: v.optional(NewNamespaceName, "default"),
  conda_channel_alias: v.optional(
    v.pipe(v.string("must be a string"), v.regex(/^https?:\/\/[^\s/]+/, "must be an http(s) address")),
    "https://conda.anaconda.org",
  ),
  conda_default_channels: texts(["conda-forge"]),
  /** Channels whose index is kept, so that builds and searches need not ask them; without it, the default channels. */
  conda_indexed_channels: v.optional(
    v.array(v.pipe(v.string(LIST), v.nonEmpty("must not hold an empty string")), LIST),
  ),
  /** Empty: every channel is allowed. */
  conda_allowed_channels: texts([]),
  conda_default_packages: texts([]),
  conda_required_packages: texts([]),
  conda_included_packages: texts([]),
  pypi_default_packages: texts([]),
  pypi_required_packages: texts([]),
  pypi_included_packages: texts([]),
  conda_solve_platforms: texts(["linux-64"]),
  /** Subdirs whose packages are used: those of the platforms that are solved for, and noarch. */
  conda_platforms: v.optional(v.array(v.string(LIST), LIST)),
  /** Virtual packages that solves assume, over the defaults of core/lock; an empty version takes one away. */
  conda_virtual_packages: v.optional(
    v.record(
      v.pipe(v.string(), v.regex(/^__[a-z0-9_]+$/, "must begin with __")),
      v.pipe(v.string("must be a string"), v.regex(/^[A-Za-z0-9_.]*$/, "is no version")),
    ),
    {},
  ),
  /** Lines of core/login/rules.ts: what users, groups and roles of a login may do. */
  login_roles: v.optional(
    v.array(
      v.pipe(
        v.string(LIST),
        v.rawCheck(({ dataset, addIssue }) => {
          const rule = dataset.typed ? parseRule(dataset.value) : LIST;
          if (typeof rule === "string") addIssue({ message: rule });
        }),
      ),
      LIST,
    ),
    ["user * -> {user}/*:developer"],
  ),
  /** Whose namespaces are made at their first login. */
  login_namespaces: v.optional(v.array(v.picklist(LOGIN_NAMESPACES, 'must hold "users" or "groups"'), LIST), [
    "users",
  ]),
  /** Origins of pages on other hosts that may use the API, such as `https://hub.example.org`; exact, none by default. */
  cors_allow_origins: v.optional(
    v.array(
      v.pipe(
        v.string(LIST),
        v.regex(
          /^https?:\/\/[a-z0-9.[\]:-]+$/,
          "must hold origins such as https://hub.example.org, in lower case",
        ),
      ),
      LIST,
    ),
    [],
  ),
  build_artifacts: v.optional(
    v.array(v.picklist(ARTIFACT_TYPES, "must hold artifact types"), "must be a list of artifact types"),
    ["LOCKFILE", "YAML", "CONDA_PACK"],
  ),
  /** What images of environments are put on. */
  default_docker_base_image: v.optional(
    v.pipe(v.string("must be a string"), v.check(isBaseImage, `must be ${A_BASE_IMAGE}`)),
    BASE_IMAGE,
  ),
  /** Where other images than the deployment's may come from; without it, docker's own ones and its repository. */
  docker_allowed_base_images: v.optional(
    v.array(
      v.pipe(
        v.string(LIST),
        v.check(
          (text) => parseBaseSource(text) !== null,
          "must hold registries such as ghcr.io or ghcr.io/team, or servers of tars such as https://files.example.org",
        ),
      ),
      LIST,
    ),
  ),
  /** Builds that an environment keeps, the newest, beside the current and the pinned ones; 0: all. */
  builds_kept: count,
  /** Bytes of completed builds beyond which a namespace takes no new build; 0: no limit. */
  namespace_quota_bytes: count,
  /** What stays of a build that is deleted alone, with its record; with its environment everything goes. */
  build_artifacts_kept_on_deletion: v.optional(
    v.array(v.picklist(ARTIFACT_TYPES, "must hold artifact types"), "must be a list of artifact types"),
    ["LOGS", "LOCKFILE", "YAML"],
  ),
} as const;

const Settings = v.strictObject(ENTRIES, ({ expected }) =>
  expected === "never" ? "is no setting" : "must be an object",
);
export type Settings = Readonly<
  v.InferOutput<typeof Settings> & {
    conda_platforms: string[];
    conda_indexed_channels: string[];
    docker_allowed_base_images: string[];
  }
>;

/**
 * The deployment's settings: its own values over the defaults. Each call gives a fresh object, so that no caller can
 * change another's defaults.
 * @param values the deployment's JSON object; absent keys have their default.
 * @throws Error that names every unknown key and wrong value at once.
 */
export function deploymentSettings(values: unknown): Settings {
  const result = v.safeParse(Settings, Array.isArray(values) ? null : values);
  if (result.success) {
    const { conda_platforms, conda_solve_platforms, conda_indexed_channels, conda_default_channels } =
      result.output;
    return {
      ...result.output,
      conda_platforms: conda_platforms ?? [...conda_solve_platforms, "noarch"],
      conda_indexed_channels: conda_indexed_channels ?? [...conda_default_channels],
      docker_allowed_base_images:
        result.output.docker_allowed_base_images ?? usualSources(result.output.default_docker_base_image),
    };
  }
  const faults = result.issues.map((issue) => `${v.getDotPath(issue) ?? "settings"}: ${issue.message}`);
  throw new Error(`The settings of the deployment are not usable: ${faults.join("; ")}`);
}
