/**
 * Environments.
 * @module
 */
import * as v from "valibot";
import { ARTIFACT_TYPES, BUILD_STATUSES } from "#core/build/status.ts";
import { Namespace } from "./namespaces.ts";
import { route } from "./route.ts";
import { data, EnvironmentParam, NamespaceParam, NONE, page, pageQuery } from "./shapes.ts";

export const Environment = v.object({
  id: v.number(),
  namespace: Namespace,
  name: v.string(),
  current_build_id: v.pipe(v.number(), v.description("Always set, also while the first build is queued")),
  current_build: v.null(),
  description: v.nullable(v.string()),
});

/** Rows of an answer to a question without `page` and `size`: the CLI and three hubs read nothing but that one. */
export const UNPAGED_SIZE = 1_000;

const { size, page: pageNumber, ...sorting } = pageQuery();

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
    search: v.optional(
      v.pipe(v.string(), v.description("Part of the namespace's or the environment's name")),
    ),
    namespace: v.optional(v.string()),
    name: v.optional(v.string()),
    status: v.optional(
      v.pipe(v.picklist(BUILD_STATUSES, "not a build status"), v.description("Of the current build")),
    ),
    artifact: v.optional(
      v.pipe(
        v.picklist(ARTIFACT_TYPES, "not an artifact type"),
        v.description("The current build has such an artifact"),
      ),
    ),
    packages: v.optional(
      v.pipe(v.array(v.string()), v.description("The current build holds all the named packages")),
      [],
    ),
  }),
  body: null,
  reply: page(Environment),
  otherReplies: [],
  errors: [],
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
