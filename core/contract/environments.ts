/**
 * Environments.
 * @module
 */
import * as v from "valibot";
import { ARTIFACT_TYPES, BUILD_STATUSES } from "#core/build/status.ts";
import { Namespace } from "./namespaces.ts";
import { route } from "./route.ts";
import {
  Ack,
  data,
  described,
  EnvironmentParam,
  limitQuery,
  NamespaceParam,
  NONE,
  nameFilter,
  PAGE_SIZE_MAX,
  page,
  pageQuery,
} from "./shapes.ts";

export const Environment = v.object({
  id: v.number(),
  namespace: Namespace,
  name: v.string(),
  current_build_id: described(v.number(), "Always set, also while the first build is queued"),
  current_build: v.null(),
  description: v.nullable(v.string()),
});

/** Rows of an answer to a question without `page` and `size`: the CLI and three hubs read nothing but that one. */
export const UNPAGED_SIZE = 1_000;

const { size, page: pageNumber, ...sorting } = pageQuery();

/** What both lists are filtered by. */
const filters = {
  search: v.optional(described(v.string(), "Part of the namespace's or the environment's name")),
  namespace: nameFilter("namespace"),
  name: nameFilter("name"),
  status: v.optional(described(v.picklist(BUILD_STATUSES, "not a build status"), "Of the current build")),
  artifact: v.optional(
    described(v.picklist(ARTIFACT_TYPES, "not an artifact type"), "The current build has such an artifact"),
  ),
  packages: v.optional(
    described(
      v.array(v.string()),
      "The current build holds all the named packages: `numpy`, or `numpy<1.26`",
    ),
    [],
  ),
  jwt: v.optional(described(v.string(), "Only what this token's bearer may read as well")),
};

export const listEnvironments = route({
  id: "listEnvironments",
  method: "get",
  path: "/api/v1/environment",
  aliases: [],
  summary: "Environments that the caller may read",
  access: { kind: "filtered", permission: "environment::read" },
  params: NONE,
  query: v.object({
    ...sorting,
    page: v.optional(pageNumber.wrapped),
    size: v.optional(size.wrapped),
    ...filters,
  }),
  body: null,
  reply: page(Environment),
  otherReplies: [],
  errors: ["invalid_request"],
});

const { current_build: _, ...shown } = Environment.entries;
const ORDER = "order must be asc or desc";

export const listEnvironmentsByCursor = route({
  id: "listEnvironmentsByCursor",
  method: "get",
  path: "/api/v2/environment",
  aliases: [],
  summary: "Environments that the caller may read, page after page by a cursor",
  access: { kind: "filtered", permission: "environment::read" },
  params: NONE,
  query: v.object({
    ...filters,
    limit: limitQuery(PAGE_SIZE_MAX),
    order: v.optional(v.picklist(["asc", "desc"], ORDER), "asc"),
    sort_by: v.optional(described(v.array(v.string()), "`namespace`, `name`; also joined by a comma"), []),
    cursor: v.optional(described(v.string(), "That of the last answer")),
  }),
  body: null,
  reply: v.object({
    data: v.array(v.object(shown)),
    status: v.literal("ok"),
    message: v.null(),
    cursor: described(v.nullable(v.string()), "null when there is nothing behind this page"),
    count: v.number(),
  }),
  otherReplies: [],
  errors: ["invalid_request"],
});

export const getEnvironment = route({
  id: "getEnvironment",
  method: "get",
  path: "/api/v1/environment/:namespace/:environment",
  aliases: [],
  summary: "One environment",
  access: { kind: "permission", permission: "environment::read", target: "environment" },
  params: v.object({ namespace: NamespaceParam, environment: EnvironmentParam }),
  query: NONE,
  body: null,
  reply: data(Environment),
  otherReplies: [],
  errors: ["environment_not_found"],
});

export const updateEnvironment = route({
  id: "updateEnvironment",
  method: "put",
  path: "/api/v1/environment/:namespace/:environment",
  aliases: [],
  summary: "Choose the build that an environment shows, or describe it",
  access: { kind: "permission", permission: "environment::update", target: "environment" },
  params: v.object({ namespace: NamespaceParam, environment: EnvironmentParam }),
  query: NONE,
  body: {
    schema: v.object({
      build_id: v.optional(
        v.nullable(
          v.pipe(
            v.number("must be a number"),
            v.safeInteger("must be a whole number"),
            v.description("A completed build of this environment"),
          ),
        ),
        null,
      ),
      description: v.optional(
        v.nullable(
          v.pipe(v.string("must be a string"), v.maxLength(10_000, "is longer than 10,000 characters")),
        ),
        null,
      ),
    }),
    bytesMax: 64 * 1024,
    form: false,
    optional: true,
  },
  reply: Ack,
  otherReplies: [],
  errors: ["environment_not_found", "invalid_request"],
});

export const getEnvironmentLockfile = route({
  id: "getEnvironmentLockfile",
  method: "get",
  path: "/api/v1/environment/:namespace/:environment/lockfile",
  aliases: [
    "/api/v1/environment/:namespace/:environment/conda-lock.yml",
    "/api/v1/environment/:namespace/:environment/conda-lock.yaml",
  ],
  summary: "The conda-lock v1 lockfile of the build that an environment shows, as JSON",
  access: { kind: "permission", permission: "environment::read", target: "environment" },
  params: v.object({ namespace: NamespaceParam, environment: EnvironmentParam }),
  query: NONE,
  body: null,
  reply: null,
  otherReplies: [{ status: 307, description: "Where it is", mediaType: "application/json" }],
  errors: ["environment_not_found", "build_not_found", "artifact_not_found"],
});
