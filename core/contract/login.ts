/**
 * Logging in and out. The cookie's value is a token, good as Bearer too.
 * @module
 */
import * as v from "valibot";
import { NewNamespaceName } from "#core/names.ts";
import { route } from "./route.ts";
import { NONE } from "./shapes.ts";

/** Name of the cookie that carries the token: conda-store's, which its clients' scripts look for. */
export const AUTH_COOKIE = "conda-store-auth";

const Next = v.object({
  next: v.optional(
    v.pipe(v.string(), v.description("Where to go afterwards: a path, or an address on this site")),
  ),
});

export const showLogin = route({
  id: "showLogin",
  method: "get",
  path: "/login",
  aliases: [],
  summary: "The login page",
  access: { kind: "open" },
  params: NONE,
  query: Next,
  body: null,
  reply: null,
  otherReplies: [{ status: 307, description: "The page, which keeps `next`" }],
  errors: [],
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
      username: v.pipe(NewNamespaceName, v.description("Becomes the primary namespace")),
      // A message of its own: the default one repeats what it got.
      password: v.string("The password must be a string"),
    }),
    bytesMax: 16 * 1024,
    form: true,
  },
  reply: v.object({ status: v.literal("ok"), data: v.object({ redirect_url: v.string() }) }),
  otherReplies: [],
  errors: ["invalid_credentials", "not_found", "too_many_requests"],
});

export const logout = route({
  id: "logout",
  method: "post",
  path: "/logout",
  aliases: [],
  summary: "Forget the cookie",
  access: { kind: "open" },
  params: NONE,
  query: Next,
  body: null,
  reply: null,
  otherReplies: [{ status: 303, description: "`next`, or the root" }],
  errors: [],
});
