/**
 * Logging in and out. The cookie's value is a token, good as Bearer too.
 * @module
 */
import * as v from "valibot";
import { NewNamespaceName } from "#core/names.ts";
import { route } from "./route.ts";
import { data, described, NONE } from "./shapes.ts";

/** Name of the cookie that carries the token: conda-store's, which its clients' scripts look for. */
export const AUTH_COOKIE = "conda-store-auth";

const Next = v.object({
  next: v.optional(described(v.string(), "Where to go afterwards: a path, or an address on this site")),
});

export const showLogin = route({
  id: "showLogin",
  method: "get",
  path: "/login",
  aliases: [],
  summary: "The login page, or the one provider that there is",
  access: { kind: "open" },
  params: NONE,
  query: v.object({
    ...Next.entries,
    provider: v.optional(described(v.string(), "Name of a provider: goes there at once")),
  }),
  body: null,
  reply: null,
  otherReplies: [{ status: 307, description: "The page, which keeps `next`, or the provider" }],
  errors: ["not_found", "provider_failed", "too_many_requests"],
});

export const listLogins = route({
  id: "listLogins",
  method: "get",
  path: "/api/v1/login",
  aliases: [],
  summary: "Where people log in",
  access: { kind: "open" },
  params: NONE,
  query: NONE,
  body: null,
  reply: data(
    v.array(
      v.object({
        name: v.string(),
        title: v.string(),
        kind: described(
          v.picklist(["password", "redirect"]),
          "`redirect`: go to `/login/?provider={name}`; `password`: POST to `/login/`",
        ),
      }),
    ),
  ),
  otherReplies: [],
  errors: [],
});

const text = v.optional(v.string());

export const finishLogin = route({
  id: "finishLogin",
  method: "get",
  path: "/oauth_callback",
  aliases: [],
  summary: "Where a provider sends the browser back to",
  access: { kind: "open" },
  params: NONE,
  query: v.object({ code: text, state: text, iss: text, error: text, error_description: text }),
  body: null,
  reply: null,
  otherReplies: [{ status: 303, description: "Where the login was to lead, with the cookie" }],
  errors: ["not_authenticated", "login_refused", "provider_failed"],
});

export const login = route({
  id: "login",
  method: "post",
  path: "/login",
  aliases: [],
  summary: "Log in with a user name and a password",
  access: { kind: "open" },
  params: NONE,
  query: Next,
  body: {
    schema: v.object({
      username: described(NewNamespaceName, "Becomes the primary namespace"),
      // A message of its own: the default one repeats what it got.
      password: v.string("The password must be a string"),
    }),
    bytesMax: 16 * 1024,
    form: true,
  },
  reply: v.object({ status: v.literal("ok"), data: v.object({ redirect_url: v.string() }) }),
  otherReplies: [],
  errors: ["invalid_credentials", "login_refused", "not_found", "provider_failed", "too_many_requests"],
});

export const logout = route({
  id: "logout",
  method: "post",
  path: "/logout",
  aliases: [],
  summary: "Forget the cookie, and end the session at the provider if it can",
  access: { kind: "open" },
  params: NONE,
  query: Next,
  body: null,
  reply: null,
  otherReplies: [
    { status: 303, description: "`next`, or the root" },
    { status: 200, description: "A page that goes on to the provider's logout", mediaType: "text/html" },
  ],
  errors: [],
});
