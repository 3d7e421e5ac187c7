/**
 * Namespaces.
 * @module
 */
import * as v from "valibot";
import { NewNamespaceName } from "#core/names.ts";
import { route } from "./route.ts";
import { Ack, data, freeObject, NamespaceParam, NONE, pageQuery, rolesByPattern } from "./shapes.ts";

/** Mind the underscore of `metadata_`. */
export const Namespace = v.object({
  id: v.number(),
  name: v.string(),
  metadata_: v.nullable(v.record(v.string(), v.unknown())),
  role_mappings: v.array(v.object({ id: v.number(), entity: v.string(), role: v.string() })),
});

export const listNamespaces = route({
  id: "listNamespaces",
  method: "get",
  path: "/api/v1/namespace",
  aliases: [],
  summary: "Namespaces in which the caller may read something",
  access: { kind: "filtered", permission: "environment::read" },
  params: NONE,
  query: v.object(pageQuery()),
  body: null,
  // The one list without `message`, and with nothing but names: conda-store leaves out what has its default.
  reply: v.object({
    status: v.literal("ok"),
    data: v.array(v.object({ id: v.number(), name: v.string() })),
    page: v.number(),
    size: v.number(),
    count: v.number(),
  }),
  otherReplies: [],
  errors: [],
});

export const getNamespace = route({
  id: "getNamespace",
  method: "get",
  path: "/api/v1/namespace/:namespace",
  aliases: [],
  summary: "One namespace",
  access: { kind: "permission", permission: "namespace::read", target: "namespace" },
  params: v.object({ namespace: NamespaceParam }),
  query: NONE,
  body: null,
  reply: data(Namespace),
  otherReplies: [],
  errors: ["namespace_not_found"],
});

const NO_MAP = "must be an object of patterns, each with a list of roles";

export const updateNamespace = route({
  id: "updateNamespace",
  method: "put",
  path: "/api/v1/namespace/:namespace",
  aliases: [],
  summary: "Replace a namespace's metadata, or the roles that its members have on any pattern",
  access: { kind: "permission", permission: "namespace::update", target: "namespace" },
  params: v.object({ namespace: NamespaceParam }),
  query: NONE,
  body: {
    schema: v.object({
      metadata: v.optional(v.nullable(freeObject("must be an object")), null),
      role_mappings: v.optional(v.nullable(rolesByPattern(NO_MAP)), null),
    }),
    bytesMax: 64 * 1024,
    form: false,
    optional: true,
  },
  reply: Ack,
  otherReplies: [],
  errors: ["namespace_not_found", "invalid_request"],
});

export const putNamespaceMetadata = route({
  id: "putNamespaceMetadata",
  method: "put",
  path: "/api/v1/namespace/:namespace/metadata",
  aliases: [],
  summary: "Replace a namespace's metadata: the body is the metadata",
  access: { kind: "permission", permission: "namespace::update", target: "namespace" },
  params: v.object({ namespace: NamespaceParam }),
  query: NONE,
  body: { schema: v.looseObject({}), bytesMax: 64 * 1024, form: false },
  reply: Ack,
  otherReplies: [],
  errors: ["namespace_not_found", "invalid_request"],
});

export const createNamespace = route({
  id: "createNamespace",
  method: "post",
  path: "/api/v1/namespace/:namespace",
  aliases: [],
  summary: "Make a namespace",
  access: { kind: "permission", permission: "namespace::create", target: "namespace" },
  params: v.object({ namespace: NewNamespaceName }),
  query: NONE,
  body: null,
  reply: Ack,
  otherReplies: [],
  errors: ["conflict", "namespace_exists"],
});
