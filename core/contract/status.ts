/**
 * What the service is, and what the caller may do.
 * @module
 */
import * as v from "valibot";
import { PERMISSIONS, ROLES } from "#core/access/permission.ts";
import { route } from "./route.ts";
import { data, described, EnvironmentParam, NamespaceParam, NONE } from "./shapes.ts";

export const getStatus = route({
  id: "getStatus",
  method: "get",
  path: "/api/v1",
  aliases: [],
  summary: "The version of the service",
  access: { kind: "open" },
  params: NONE,
  query: NONE,
  body: null,
  reply: data(v.object({ version: v.string() })),
  otherReplies: [],
  errors: [],
});

const Expiration = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  v.description("When the token ends; null without one"),
);

export const getPermission = route({
  id: "getPermission",
  method: "get",
  path: "/api/v1/permission",
  aliases: [],
  summary: "Who the caller is and what they may do, by pattern",
  access: { kind: "open" },
  params: NONE,
  query: NONE,
  body: null,
  reply: data(
    v.object({
      authenticated: v.boolean(),
      primary_namespace: v.string(),
      entity_permissions: v.record(v.string(), v.array(v.picklist(PERMISSIONS))),
      entity_roles: v.record(v.string(), v.array(v.picklist(ROLES))),
      expiration: v.nullable(Expiration),
    }),
  ),
  otherReplies: [],
  errors: [],
});

export const explainPermission = route({
  id: "explainPermission",
  method: "get",
  path: "/api/v1/permission/explanation",
  aliases: [],
  summary: "Why the caller may do something, or may not; of others for who may do everything",
  access: { kind: "open" },
  params: NONE,
  query: v.object({
    permission: v.picklist(PERMISSIONS, `must be one of ${PERMISSIONS.join(", ")}`),
    namespace: v.optional(described(NamespaceParam, "Without it the whole store is meant")),
    environment: v.optional(described(EnvironmentParam, "Without it the namespace is meant")),
    primary_namespace: v.optional(
      v.pipe(
        v.string(),
        v.maxLength(256, "primary_namespace is longer than 256 characters"),
        v.description(
          "Whoever has this primary namespace, with all their logins and tokens; empty for services",
        ),
      ),
    ),
  }),
  body: null,
  reply: data(
    v.object({
      primary_namespace: v.string(),
      allowed: v.boolean(),
      because: described(
        v.array(
          v.object({
            source: v.object({
              kind: v.picklist(["default", "configuration", "token", "role_mapping"]),
              name: described(
                v.nullable(v.string()),
                "Whose defaults, which service, the token's id, the namespace that gave it",
              ),
            }),
            pattern: v.string(),
            roles: v.array(v.picklist(ROLES)),
          }),
        ),
        "Each alone would do",
      ),
      roles_with_it: described(v.array(v.picklist(ROLES)), "Roles that carry the permission"),
    }),
  ),
  otherReplies: [],
  errors: ["invalid_request", "permission_denied"],
});

export const getOpenApi = route({
  id: "getOpenApi",
  method: "get",
  path: "/openapi.json",
  aliases: [],
  summary: "This document",
  access: { kind: "open" },
  params: NONE,
  query: NONE,
  body: null,
  reply: v.looseObject({ openapi: v.string() }),
  otherReplies: [],
  errors: [],
});
