/**
 * Routes of builds, of their logs, and of what they made.
 * @module
 */
import * as v from "valibot";
import { ARTIFACT_TYPES, BUILD_STATUSES } from "#core/build/status.ts";
import { Build, BuildPackage, LogLines } from "./build-shapes.ts";
import { route } from "./route.ts";
import {
  Ack,
  BuildIdParam,
  data,
  described,
  NONE,
  nameFilter,
  page,
  pageQuery,
  wholeNumber,
} from "./shapes.ts";

const environmentId = "environment_id must be a whole number";

export const listBuilds = route({
  id: "listBuilds",
  method: "get",
  path: "/api/v1/build",
  aliases: [],
  summary: "Builds of environments that the caller may read",
  access: { kind: "filtered", permission: "environment::read" },
  params: NONE,
  query: v.object({
    ...pageQuery(),
    status: v.optional(v.picklist(BUILD_STATUSES, "not a build status")),
    artifact: v.optional(
      described(v.picklist(ARTIFACT_TYPES, "not an artifact type"), "It has such an artifact"),
    ),
    packages: v.optional(
      described(v.array(v.string()), "It holds all the named packages: `numpy`, or `numpy<1.26`"),
      [],
    ),
    environment_id: v.optional(
      v.pipe(
        wholeNumber(environmentId, 0, 9_999_999_999, "Of this environment; 0 for any"),
        v.transform((id) => id || undefined),
      ),
    ),
    name: nameFilter("name", "The environment's name"),
    namespace: nameFilter("namespace"),
  }),
  body: null,
  reply: page(Build),
  otherReplies: [],
  errors: ["invalid_request"],
});

const ofBuild = {
  method: "get",
  aliases: [],
  access: { kind: "permission", permission: "environment::read", target: "build" },
  params: v.object({ buildId: BuildIdParam }),
  query: NONE,
  body: null,
} as const;

export const getBuild = route({
  ...ofBuild,
  id: "getBuild",
  path: "/api/v1/build/:buildId",
  summary: "One build, with its specification and artifacts",
  reply: data(Build),
  otherReplies: [],
  errors: ["build_not_found"],
});

export const rebuild = route({
  ...ofBuild,
  id: "rebuild",
  method: "put",
  path: "/api/v1/build/:buildId",
  summary: "Build the same specification again: solved anew, or frozen to the build's own lock",
  access: { kind: "permission", permission: "environment::update", target: "build" },
  query: v.object({
    frozen: v.pipe(
      // As Python's clients write booleans, too.
      v.optional(
        v.picklist(["true", "True", "1", "false", "False", "0"], "frozen must be true or false"),
        "false",
      ),
      v.transform((text) => ["true", "True", "1"].includes(text)),
      v.description("`true`: exactly the packages of this build, from its lockfile"),
    ),
  }),
  reply: v.object({
    status: v.literal("ok"),
    data: v.object({ build_id: v.number() }),
    message: v.literal("rebuild triggered"),
  }),
  otherReplies: [],
  errors: ["build_not_found", "environment_not_found", "conflict", "too_many_requests"],
});

export const cancelBuild = route({
  ...ofBuild,
  id: "cancelBuild",
  method: "put",
  path: "/api/v1/build/:buildId/cancel",
  summary: "End a build that has not ended",
  access: { kind: "permission", permission: "build::cancel", target: "build" },
  reply: Ack,
  otherReplies: [],
  errors: ["build_not_found", "conflict"],
});

export const listBuildPackages = route({
  ...ofBuild,
  id: "listBuildPackages",
  path: "/api/v1/build/:buildId/packages",
  summary: "Packages that the build installed",
  query: v.object({
    ...pageQuery(),
    search: v.optional(described(v.string(), "Part of the name")),
    exact: v.optional(described(v.string(), "`true`: `search` is the whole name")),
    build: v.optional(described(v.string(), "Part of the build string")),
  }),
  reply: page(BuildPackage),
  otherReplies: [],
  errors: ["build_not_found"],
});

/** Seconds that a question for the log may wait; below the 29 at which API Gateway cuts. */
export const LOG_WAIT_SECONDS_MAX = 20;

const waitMessage = `wait must be a whole number from 0 to ${LOG_WAIT_SECONDS_MAX}`;

export const getBuildLogs = route({
  ...ofBuild,
  id: "getBuildLogs",
  path: "/api/v1/build/:buildId/logs",
  summary: "The log: as text, or with `after` the lines that came since, waiting for them",
  query: v.object({
    after: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^(\d{1,6}\.\d{1,6})?$/, "after must be a cursor that this route gave, or empty"),
        v.description("Cursor of the last answer; empty for the beginning"),
      ),
    ),
    wait: v.optional(
      wholeNumber(waitMessage, 0, LOG_WAIT_SECONDS_MAX, "Seconds to wait for the next line"),
      "0",
    ),
  }),
  reply: LogLines,
  otherReplies: [
    { status: 307, description: "The whole log of a build that has ended", mediaType: "text/plain" },
    { status: 200, description: "The log so far of a build that has not", mediaType: "text/plain" },
  ],
  errors: ["build_not_found"],
});

const artifact = {
  ...ofBuild,
  reply: null,
  errors: ["build_not_found", "artifact_not_found"],
} as const;

export const getBuildYaml = route({
  ...artifact,
  id: "getBuildYaml",
  path: "/api/v1/build/:buildId/yaml",
  summary: "The environment as YAML with pinned versions",
  otherReplies: [{ status: 307, description: "Where it is", mediaType: "text/yaml" }],
});

export const getBuildLockfile = route({
  ...artifact,
  id: "getBuildLockfile",
  path: "/api/v1/build/:buildId/lockfile",
  aliases: ["/api/v1/build/:buildId/conda-lock.yml", "/api/v1/build/:buildId/conda-lock.yaml"],
  summary: "The conda-lock v1 lockfile, as JSON",
  otherReplies: [{ status: 307, description: "Where it is", mediaType: "application/json" }],
});

export const getBuildArchive = route({
  ...artifact,
  id: "getBuildArchive",
  path: "/api/v1/build/:buildId/archive",
  summary: "The environment as a conda-pack archive",
  otherReplies: [{ status: 307, description: "Where it is", mediaType: "application/gzip" }],
});

export const getBuildDocker = route({
  ...artifact,
  id: "getBuildDocker",
  path: "/api/v1/build/:buildId/docker",
  summary: "The name of the environment as a container image, for `docker pull`",
  otherReplies: [{ status: 200, description: "Registry, repository and tag", mediaType: "text/plain" }],
  errors: ["build_not_found", "image_not_found"],
});

export const getBuildInstaller = route({
  ...artifact,
  id: "getBuildInstaller",
  path: "/api/v1/build/:buildId/installer",
  summary: "The environment as a shell script that installs it: `sh FILE -b -p PREFIX`",
  otherReplies: [{ status: 307, description: "Where it is", mediaType: "application/octet-stream" }],
});
