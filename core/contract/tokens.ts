/**
 * Tokens for others to work with: never stronger and never longer than the caller's own.
 * @module
 */
import * as v from "valibot";
import { ROLES } from "#core/access/permission.ts";
import { TOKEN_ID } from "#core/token/token-name.ts";
import { route } from "./route.ts";
import {
  Ack,
  data,
  described,
  limitQuery,
  NONE,
  PAGE_SIZE_MAX,
  rolesByPattern,
  Timestamp,
} from "./shapes.ts";

const end = (description: string) =>
  v.optional(v.nullable(described(v.string("must be a time as text"), description)), null);
const NAME_LENGTH = 100;
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
        v.nullable(described(v.string("must be a string"), "The caller's own, if not given")),
        null,
      ),
      expiration: end("ISO 8601; without a zone it is UTC. The caller's own, if not given"),
      exp: end("The same under the name that conda-store's client sends; `expiration` wins"),
      role_bindings: v.optional(v.nullable(rolesByPattern(NO_MAP)), null),
      name: v.optional(
        v.nullable(
          v.pipe(
            v.string("must be a string"),
            v.maxLength(NAME_LENGTH, `must have at most ${NAME_LENGTH} characters`),
            v.description("What the list of tokens calls it"),
          ),
        ),
        null,
      ),
    }),
    bytesMax: 16 * 1024,
    form: false,
    optional: true,
  },
  reply: data(
    v.object({
      token: v.string(),
      id: described(v.nullable(v.string()), "Revokes it; null for who brought no token"),
    }),
  ),
  otherReplies: [],
  errors: ["invalid_token_request", "too_many_requests"],
});

const Owner = v.optional(
  v.pipe(
    v.string(),
    v.maxLength(256, "primary_namespace is longer than 256 characters"),
    v.description("Another's, for who may do everything; empty for tokens of services"),
  ),
);
const TokenId = v.pipe(v.string(), v.regex(TOKEN_ID, "is no id of a token"));

export const listTokens = route({
  id: "listTokens",
  method: "get",
  path: "/api/v1/token",
  aliases: [],
  summary:
    "Logins and tokens with the caller's primary namespace that may do no more than the caller, newest first",
  access: { kind: "open" },
  params: NONE,
  query: v.object({
    primary_namespace: Owner,
    limit: limitQuery(PAGE_SIZE_MAX, PAGE_SIZE_MAX, "Rows looked at"),
    cursor: v.optional(described(TokenId, "That of the last answer")),
  }),
  body: null,
  reply: v.object({
    status: v.literal("ok"),
    data: v.array(
      v.object({
        id: described(v.string(), "`service:` and its name for what the deployment names"),
        name: v.nullable(v.string()),
        kind: v.picklist(["login", "token", "service"]),
        primary_namespace: v.string(),
        role_bindings: v.record(v.string(), v.array(v.picklist(ROLES))),
        created_on: v.nullable(Timestamp),
        expires_on: v.nullable(Timestamp),
        last_used_on: described(v.nullable(Timestamp), "To the hour"),
        logged_out_on: v.nullable(Timestamp),
        revoked_on: v.nullable(Timestamp),
      }),
    ),
    message: v.null(),
    cursor: described(v.nullable(v.string()), "null when there is nothing behind this page"),
  }),
  otherReplies: [],
  errors: ["permission_denied"],
});

export const revokeToken = route({
  id: "revokeToken",
  method: "delete",
  path: "/api/v1/token/:tokenId",
  aliases: [],
  summary: "End a token, and all that were made from it, within seconds",
  access: { kind: "open" },
  params: v.object({ tokenId: TokenId }),
  query: v.object({ primary_namespace: Owner }),
  body: null,
  reply: Ack,
  otherReplies: [],
  errors: ["permission_denied", "token_not_found"],
});
