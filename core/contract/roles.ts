/**
 * Roles that one namespace gives to the members of others.
 * @module
 */
import * as v from "valibot";
import { ROLES } from "#core/access/permission.ts";
import { NamespaceName } from "#core/names.ts";
import { route } from "./route.ts";
import { Ack, data, described, NamespaceParam, NONE } from "./shapes.ts";

export const RoleMapping = v.object({
  id: v.number(),
  namespace: v.string(),
  other_namespace: v.string(),
  role: v.picklist(ROLES),
});

const ofNamespace = {
  aliases: [],
  params: v.object({ namespace: NamespaceParam }),
  query: NONE,
  otherReplies: [],
} as const;
const other = v.pipe(
  NamespaceName,
  v.maxLength(256, "The namespace is too long"),
  v.description("Whose members"),
);
const role = described(v.string("must be a string"), "viewer, developer (or editor), admin");
const may = <P extends "create" | "read" | "update" | "delete">(what: P) =>
  ({ kind: "permission", permission: `namespace-role-mapping::${what}`, target: "namespace" }) as const;
const ROLES_PATH = "/api/v1/namespace/:namespace/roles";
const ROLE_PATH = "/api/v1/namespace/:namespace/role";

export const listRoles = route({
  ...ofNamespace,
  id: "listRoles",
  method: "get",
  path: ROLES_PATH,
  summary: "Roles that others have in a namespace",
  access: may("read"),
  body: null,
  reply: data(v.array(RoleMapping)),
  errors: ["namespace_not_found"],
});

export const deleteRoles = route({
  ...ofNamespace,
  id: "deleteRoles",
  method: "delete",
  path: ROLES_PATH,
  summary: "Take all roles in a namespace back",
  access: may("delete"),
  body: null,
  reply: Ack,
  errors: ["namespace_not_found"],
});

export const getRole = route({
  ...ofNamespace,
  id: "getRole",
  method: "get",
  path: ROLE_PATH,
  summary: "The role that another namespace's members have",
  access: may("read"),
  query: v.object({ other_namespace: other }),
  body: null,
  reply: data(RoleMapping),
  errors: ["role_not_found"],
});

const pair = { schema: v.object({ other_namespace: other, role }), bytesMax: 4096, form: false } as const;

export const createRole = route({
  ...ofNamespace,
  id: "createRole",
  method: "post",
  path: ROLE_PATH,
  summary: "Give another namespace's members a role",
  access: may("create"),
  body: pair,
  reply: Ack,
  errors: ["namespace_not_found", "invalid_request", "conflict"],
});

export const updateRole = route({
  ...ofNamespace,
  id: "updateRole",
  method: "put",
  path: ROLE_PATH,
  summary: "Change a role that was given",
  access: may("update"),
  body: pair,
  reply: Ack,
  errors: ["role_not_found", "invalid_request"],
});

export const deleteRole = route({
  ...ofNamespace,
  id: "deleteRole",
  method: "delete",
  path: ROLE_PATH,
  summary: "Take a role back; the body names whose",
  access: may("delete"),
  body: { schema: v.object({ other_namespace: other }), bytesMax: 4096, form: false },
  reply: Ack,
  errors: [],
});
