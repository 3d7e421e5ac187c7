/**
 * Deleting, and keeping from it.
 * @module
 */
import * as v from "valibot";
import { ARTIFACT_TYPES } from "#core/build/status.ts";
import { route } from "./route.ts";
import { BuildIdParam, data, described, EnvironmentParam, NamespaceParam, NONE } from "./shapes.ts";

/** Ids and kept artifacts that a plan names, at most; it counts all of them. */
export const PLAN_ROWS_MAX = 1_000;

/** What a deletion would do. */
export const Plan = v.object({
  environments: described(v.number(), "Environments that would be deleted"),
  builds: described(v.number(), "Builds that would be deleted"),
  build_ids: described(v.array(v.number()), `The first ${PLAN_ROWS_MAX} of them`),
  active: described(v.number(), "Of these, builds that have not ended: they would be canceled"),
  artifacts: described(v.number(), "Objects and directories that would be removed"),
  bytes: described(v.number(), "What they take up"),
  kept: described(
    v.array(
      v.object({
        artifact_type: v.picklist(ARTIFACT_TYPES),
        key: v.string(),
        bytes: v.number(),
        because: v.picklist(["kept on deletion", "used by other builds"]),
      }),
    ),
    `What would stay all the same, the first ${PLAN_ROWS_MAX}`,
  ),
});

const dryRun = "dry_run must be true or false";
const query = v.object({
  dry_run: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^(?:true|false)$/i, dryRun),
      v.transform((text) => text.toLowerCase() === "true"),
      v.description("Only say what would be deleted"),
    ),
    "false",
  ),
});

/** The original's acknowledgement; with `dry_run=true` also the plan, and nothing is changed. */
const reply = v.object({
  status: v.literal("ok"),
  message: v.nullable(v.string()),
  data: v.optional(Plan),
});

export const deleteBuild = route({
  id: "deleteBuild",
  method: "delete",
  path: "/api/v1/build/:buildId",
  aliases: [],
  summary: "Delete a build, but for what the setting build_artifacts_kept_on_deletion names",
  access: { kind: "permission", permission: "build::delete", target: "build" },
  params: v.object({ buildId: BuildIdParam }),
  query,
  body: null,
  reply,
  otherReplies: [],
  errors: ["build_not_found", "invalid_request", "conflict"],
});

export const deleteEnvironment = route({
  id: "deleteEnvironment",
  method: "delete",
  path: "/api/v1/environment/:namespace/:environment",
  aliases: [],
  summary: "Delete an environment with all its builds",
  access: { kind: "permission", permission: "environment::delete", target: "environment" },
  params: v.object({ namespace: NamespaceParam, environment: EnvironmentParam }),
  query,
  body: null,
  reply,
  otherReplies: [],
  errors: ["environment_not_found", "invalid_request"],
});

export const deleteNamespace = route({
  id: "deleteNamespace",
  method: "delete",
  path: "/api/v1/namespace/:namespace",
  aliases: [],
  summary: "Delete a namespace with all that is in it",
  access: { kind: "permission", permission: "namespace::delete", target: "namespace" },
  params: v.object({ namespace: NamespaceParam }),
  query,
  body: null,
  reply,
  otherReplies: [],
  errors: ["namespace_not_found", "invalid_request"],
});

const pin = {
  path: "/api/v1/build/:buildId/pin",
  aliases: [],
  access: { kind: "permission", permission: "environment::update", target: "build" },
  params: v.object({ buildId: BuildIdParam }),
  query: NONE,
  body: null,
  reply: v.object({ status: v.literal("ok"), message: v.nullable(v.string()) }),
  otherReplies: [],
  errors: ["build_not_found", "conflict"],
} as const;

/** Not in the original. */
export const pinBuild = route({
  ...pin,
  id: "pinBuild",
  method: "put",
  summary: "Keep a build from being deleted alone and from the setting builds_kept",
});

/** Not in the original. */
export const unpinBuild = route({
  ...pin,
  errors: ["build_not_found"],
  id: "unpinBuild",
  method: "delete",
  summary: "Take a build's pin away",
});

/** Not in the original. */
export const getRetention = route({
  id: "getRetention",
  method: "get",
  path: "/api/v1/environment/:namespace/:environment/retention",
  aliases: [],
  summary:
    "What an environment would lose if it kept only its newest builds, the current and the pinned ones",
  access: { kind: "permission", permission: "environment::read", target: "environment" },
  params: v.object({ namespace: NamespaceParam, environment: EnvironmentParam }),
  query: v.object({
    keep: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^\d{1,9}$/, "keep must be a whole number"),
        v.transform(Number),
        v.description("This many; 0 for all. Without it as the setting builds_kept says"),
      ),
    ),
  }),
  body: null,
  reply: data(Plan),
  otherReplies: [],
  errors: ["environment_not_found"],
});
