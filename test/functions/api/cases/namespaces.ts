/**
 * Namespaces and their metadata.
 * @module
 */
import { put } from "#test/kit/api.ts";
import { named, type RouteCases } from "./case.ts";

export const NAMESPACES_CASES: RouteCases = {
  listNamespaces: [
    {
      kind: "happy",
      says: "an admin sees all",
      as: "admin",
      path: () => "/api/v1/namespace/",
      status: 200,
      shows: /secret/,
    },
    {
      kind: "malformed",
      says: "page 0",
      as: "admin",
      path: () => "/api/v1/namespace/?page=0",
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "unauthenticated",
      says: "nobody sees nothing",
      as: "nobody",
      path: () => "/api/v1/namespace/",
      status: 200,
      hides: /team|secret/,
    },
    {
      kind: "forbidden",
      says: "a viewer sees what is his",
      as: "viewer",
      path: () => "/api/v1/namespace/",
      status: 200,
      shows: /team/,
      hides: /secret/,
    },
  ],
  getNamespace: [
    {
      kind: "happy",
      says: "a viewer gets it",
      as: "viewer",
      path: () => "/api/v1/namespace/team/",
      status: 200,
      shows: /"metadata_":\{\}/,
    },
    {
      kind: "malformed",
      says: "a name that is none",
      as: "admin",
      path: () => "/api/v1/namespace/a%20b/",
      status: 400,
      code: "invalid_name",
    },
    ...named("/api/v1/namespace/team/", "/api/v1/namespace/nothing/", {}, "namespace_not_found"),
  ],
  createNamespace: [
    {
      kind: "happy",
      says: "an admin makes one",
      as: "admin",
      path: () => "/api/v1/namespace/made/",
      init: { method: "POST" },
      status: 200,
    },
    {
      kind: "malformed",
      says: "a name that is none",
      as: "admin",
      path: () => "/api/v1/namespace/a:b/",
      init: { method: "POST" },
      status: 400,
      code: "invalid_name",
    },
    ...named("/api/v1/namespace/team/", "/api/v1/namespace/nothing/", { method: "POST" }, null),
    {
      kind: "forbidden",
      says: "a viewer is refused",
      as: "viewer",
      path: () => "/api/v1/namespace/team/",
      init: { method: "POST" },
      status: 403,
      code: "permission_denied",
    },
    {
      kind: "conflicting",
      says: "one that is there already",
      as: "admin",
      path: () => "/api/v1/namespace/team/",
      init: { method: "POST" },
      status: 409,
      code: "namespace_exists",
    },
  ],
  updateNamespace: [
    {
      kind: "happy",
      says: "an admin describes it",
      as: "admin",
      path: () => "/api/v1/namespace/team/",
      init: put({ metadata: { owner: "us" }, role_mappings: { "other/*": ["editor"] } }),
      status: 200,
    },
    {
      kind: "malformed",
      says: "a pattern that is none",
      as: "admin",
      path: () => "/api/v1/namespace/team/",
      init: put({ role_mappings: { other: ["viewer"] } }),
      status: 400,
      code: "invalid_request",
      shows: /invalid entity=other/,
    },
    ...named(
      "/api/v1/namespace/team/",
      "/api/v1/namespace/nothing/",
      put({ metadata: {} }),
      "namespace_not_found",
    ),
  ],
  putNamespaceMetadata: [
    {
      kind: "happy",
      says: "an admin replaces it",
      as: "admin",
      path: () => "/api/v1/namespace/team/metadata",
      init: put({ owner: "us" }),
      status: 200,
    },
    {
      kind: "malformed",
      says: "a text",
      as: "admin",
      path: () => "/api/v1/namespace/team/metadata",
      init: put('"us"'),
      status: 422,
      code: "invalid_parameter",
    },
    ...named(
      "/api/v1/namespace/team/metadata",
      "/api/v1/namespace/nothing/metadata",
      put({}),
      "namespace_not_found",
    ),
  ],
};
