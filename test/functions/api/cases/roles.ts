/**
 * Roles that namespaces have in each other.
 * @module
 */
import { post, put } from "#test/kit/api.ts";
import { named, type RouteCases } from "./case.ts";

export const ROLES_CASES: RouteCases = {
  listRoles: [
    {
      kind: "happy",
      says: "a viewer sees who has a role",
      as: "viewer",
      path: () => "/api/v1/namespace/team/roles",
      status: 200,
    },
    {
      kind: "malformed",
      says: "a name that is none",
      as: "admin",
      path: () => "/api/v1/namespace/a%20b/roles",
      status: 400,
      code: "invalid_name",
    },
    ...named("/api/v1/namespace/team/roles", "/api/v1/namespace/nothing/roles", {}, "namespace_not_found"),
  ],
  deleteRoles: [
    {
      kind: "happy",
      says: "an admin takes all back, also when there are none",
      as: "admin",
      path: () => "/api/v1/namespace/secret/roles",
      init: { method: "DELETE" },
      status: 200,
    },
    {
      kind: "malformed",
      says: "a name that is none",
      as: "admin",
      path: () => "/api/v1/namespace/a%20b/roles",
      init: { method: "DELETE" },
      status: 400,
      code: "invalid_name",
    },
    ...named(
      "/api/v1/namespace/team/roles",
      "/api/v1/namespace/nothing/roles",
      { method: "DELETE" },
      "namespace_not_found",
    ),
  ],
  createRole: [
    {
      kind: "happy",
      says: "an admin gives one",
      as: "admin",
      path: () => "/api/v1/namespace/team/role",
      init: post({ other_namespace: "team", role: "editor" }),
      status: 200,
    },
    {
      kind: "malformed",
      says: "a role that does not exist",
      as: "admin",
      path: () => "/api/v1/namespace/team/role",
      init: post({ other_namespace: "secret", role: "owner" }),
      status: 400,
      code: "invalid_request",
      shows: /invalid role=owner/,
    },
    {
      kind: "conflicting",
      says: "a namespace that has one already",
      as: "admin",
      path: () => "/api/v1/namespace/team/role",
      init: post({ other_namespace: "secret", role: "viewer" }),
      status: 409,
      code: "conflict",
    },
    {
      kind: "missing",
      says: "a namespace that is not there",
      as: "admin",
      path: () => "/api/v1/namespace/team/role",
      init: post({ other_namespace: "nothing", role: "viewer" }),
      status: 400,
      code: "invalid_request",
      shows: /Namespace='nothing' not found/,
    },
    ...named(
      "/api/v1/namespace/team/role",
      "/api/v1/namespace/nothing/role",
      post({ other_namespace: "secret", role: "viewer" }),
      "namespace_not_found",
    ),
  ],
  getRole: [
    {
      kind: "happy",
      says: "a viewer asks for one",
      as: "viewer",
      path: () => "/api/v1/namespace/team/role?other_namespace=secret",
      status: 200,
      shows: /"role":"developer"/,
    },
    {
      kind: "malformed",
      says: "nobody named",
      as: "admin",
      path: () => "/api/v1/namespace/team/role",
      status: 422,
      code: "invalid_parameter",
    },
    ...named(
      "/api/v1/namespace/team/role?other_namespace=secret",
      "/api/v1/namespace/team/role?other_namespace=nothing",
      {},
      "role_not_found",
    ),
  ],
  updateRole: [
    {
      kind: "happy",
      says: "an admin changes one",
      as: "admin",
      path: () => "/api/v1/namespace/team/role",
      init: put({ other_namespace: "secret", role: "viewer" }),
      status: 200,
    },
    {
      kind: "malformed",
      says: "no role",
      as: "admin",
      path: () => "/api/v1/namespace/team/role",
      init: put({ other_namespace: "secret" }),
      status: 422,
      code: "invalid_parameter",
    },
    ...named(
      "/api/v1/namespace/team/role",
      "/api/v1/namespace/nothing/role",
      put({ other_namespace: "secret", role: "viewer" }),
      "role_not_found",
    ),
  ],
  deleteRole: [
    {
      kind: "happy",
      says: "an admin takes one back, also when there is none",
      as: "admin",
      path: () => "/api/v1/namespace/team/role",
      init: { ...post({ other_namespace: "nothing" }), method: "DELETE" },
      status: 200,
    },
    {
      kind: "malformed",
      says: "nobody named",
      as: "admin",
      path: () => "/api/v1/namespace/team/role",
      init: { ...post({}), method: "DELETE" },
      status: 422,
      code: "invalid_parameter",
    },
    ...named(
      "/api/v1/namespace/team/role",
      "/api/v1/namespace/nothing/role",
      { ...post({ other_namespace: "secret" }), method: "DELETE" },
      null,
    ),
  ],
};
