/**
 * Tokens for others to work with: never stronger and never longer than the caller's own.
 * @module
 */
import * as v from "valibot";
import { route } from "./route.ts";
import { data, NONE, rolesByPattern } from "./shapes.ts";

const end = (description: string) =>
  v.optional(v.nullable(v.pipe(v.string("must be a time as text"), v.description(description))), null);
const NO_MAP = "must be an object of patterns, each with a list of roles";

export const postToken = route({
  id: "postToken",
  method: "post",
  path: "/api/v1/token",
  aliases: [],
  summary: "Make a token that may do what the caller may, or less",
  access: { kind: "open" },
  params: NONE,
  query: NONE,
  body: {
    schema: v.object({
      primary_namespace: v.optional(
        v.nullable(v.pipe(v.string("must be a string"), v.description("The caller's own, if not given"))),
        null,
      ),
      expiration: end("ISO 8601; without a zone it is UTC. The caller's own, if not given"),
      exp: end("The same under the name that conda-store's client sends; `expiration` wins"),
      role_bindings: v.optional(v.nullable(rolesByPattern(NO_MAP)), null),
    }),
    bytesMax: 16 * 1024,
    form: false,
    optional: true,
  },
  reply: data(v.object({ token: v.string() })),
  otherReplies: [],
  errors: ["invalid_token_request"],
});
