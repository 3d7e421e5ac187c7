/**
 * Logging in and out. The one backend so far is `dummy`: any user name with the deployment's one password, which only
 * the local deployment has.
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { CookieOptions } from "hono/utils/cookie";
import { forgetToken } from "#adapters/dynamodb/token-in-force.ts";
import { endLogin } from "#adapters/dynamodb/tokens.ts";
import { verifyToken } from "#adapters/secrets/tokens.ts";
import { AUTH_COOKIE, type login, type logout, type showLogin } from "#core/contract/login.ts";
import { AppError } from "#core/errors.ts";
import { LOGIN_SECONDS } from "#core/token/claims.ts";
import { parseTokenName } from "#core/token/token-name.ts";
import type { ApiContext } from "../context.ts";
import { issueToken } from "../issue-token.ts";
import { ownHosts } from "../middleware/caller.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { countLogin } from "./count-request.ts";

export const showing =
  ({ prefix }: Services): Tell<typeof showLogin> =>
  async ({ query: { next }, c }) => {
    const target = sameSite(c, next);
    return c.redirect(`${prefix}/ui/login${target ? `?next=${encodeURIComponent(target)}` : ""}`, 307);
  };

export const loggingIn =
  (services: Services): Tell<typeof login> =>
  async ({ body: { username, password }, query: { next }, c }) => {
    if (services.authentication !== "dummy") {
      throw new AppError("not_found", "This deployment has no login with a password.");
    }
    await countLogin(services, username, c);
    const { dummyPassword } = await services.secret.get();
    if (dummyPassword === null || !equal(password, dummyPassword)) {
      throw new AppError("invalid_credentials", "Invalid authentication credentials");
    }
    const { token } = await issueToken(services, {
      kind: "login",
      name: null,
      madeFrom: [],
      primaryNamespace: username,
      // As the original's dummy login: whoever knows the password of a local deployment owns all of it.
      roleBindings: { "*/*": ["admin"] },
      expiresAt: new Date(Date.now() + LOGIN_SECONDS * 1000),
    });
    setCookie(c, AUTH_COOKIE, token, { ...cookieOptions(c, services.prefix), maxAge: LOGIN_SECONDS - 1 });
    return { status: "ok", data: { redirect_url: sameSite(c, next) ?? `${services.prefix}/` } };
  };

export const loggingOut =
  ({ prefix, db, secret }: Services): Tell<typeof logout> =>
  async ({ query: { next }, c }) => {
    const [name] = (await verifyToken(secret, getCookie(c, AUTH_COOKIE) ?? ""))?.tokenIds ?? [];
    if (name !== undefined) {
      // Whoever kept a copy of the cookie is logged out as well.
      const { primaryNamespace, id } = parseTokenName(name);
      await endLogin(db, primaryNamespace, id, new Date());
      forgetToken(db, name);
    }
    deleteCookie(c, AUTH_COOKIE, cookieOptions(c, prefix));
    return c.redirect(sameSite(c, next) ?? `${prefix}/`, 303);
  };

/** Plain http happens on one's own machine only; API Gateway has no such door. */
const cookieOptions = (c: ApiContext, prefix: string): CookieOptions => ({
  httpOnly: true,
  sameSite: "Lax",
  secure: (c.req.header("x-forwarded-proto") ?? new URL(c.req.url).protocol.slice(0, -1)) !== "http",
  path: prefix || "/",
});

/** Compares in constant time; hashing first makes the lengths equal. */
function equal(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/**
 * A place on this site to go to, as a path; undefined for any other: a login must not send people elsewhere.
 * A path that begins with two slashes, or with a backslash, is another host to a browser.
 */
function sameSite(c: ApiContext, next: string | undefined): string | undefined {
  const base = "https://here.invalid";
  if (!next || !URL.canParse(next, base)) return undefined;
  const url = new URL(next, base);
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined;
  if (url.origin !== base && !ownHosts(c).includes(url.host)) return undefined;
  const path = `${url.pathname}${url.search}${url.hash}`;
  return path.startsWith("//") ? undefined : path;
}
