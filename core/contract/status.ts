/**
 * What the service is, and what the caller may do.
 * @module
 */
import * as v from "valibot";
import { PERMISSIONS, ROLES } from "#core/access/permission.ts";
import { route } from "./route.ts";
import { data, NONE } from "./shapes.ts";

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
