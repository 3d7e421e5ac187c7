/**
 * conda-store's settings that a deployment fixes: clients read them and may send them back as they are. Those that nothing
 * here could obey have the one value that is true.
 * @module
 */
import * as v from "valibot";
import { NewNamespaceName } from "#core/names.ts";

/** Longest solve of a build, in seconds. */
export const SOLVE_SECONDS_MAX = 900;

const id = (fallback: number) => {
  const range = "must be a whole number from 0 to 2147483647";
  return v.optional(
    v.pipe(v.number(range), v.integer(range), v.minValue(0, range), v.maxValue(2 ** 31 - 1, range)),
    fallback,
  );
};

export const PROPERTIES = {
  filesystem_namespace: v.optional(NewNamespaceName, "filesystem"),
  /** Numeric owner of what is on the shared disk: the stack's `diskOwner`. */
  default_uid: id(1000),
  default_gid: id(100),
  default_permissions: v.optional(v.null("must be null: files keep the modes of their packages"), null),
  storage_threshold: v.optional(v.literal(0, "must be 0: the shared disk has no end"), 0),
  conda_command: v.optional(v.picklist(["mamba", "rattler"], "must be mamba or rattler"), "mamba"),
  conda_max_solve_time: v.optional(
    v.literal(SOLVE_SECONDS_MAX, `must be ${SOLVE_SECONDS_MAX}, the seconds that a solve may take`),
    SOLVE_SECONDS_MAX,
  ),
} as const;

/** Keys that conda-store knows for the whole store only. */
export const GLOBAL_KEYS: readonly string[] = [
  "default_namespace",
  "conda_platforms",
  "login_roles",
  "login_namespaces",
  "build_artifacts_kept_on_deletion",
  "conda_indexed_channels",
  ...Object.keys(PROPERTIES),
];
