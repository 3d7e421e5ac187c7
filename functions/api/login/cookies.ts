/**
 * The cookies of a login. None of them is for scripts.
 * @module
 */
import { createHash } from "node:crypto";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { CookieOptions } from "hono/utils/cookie";
import { AUTH_COOKIE } from "#core/contract/login.ts";
import { type Backend, isRedirectBackend } from "#core/login/backends.ts";
import { LOGIN_SECONDS } from "#core/token/claims.ts";
import type { ApiContext } from "../context.ts";
import type { Services } from "../services.ts";

type Site = Pick<Services, "login" | "prefix">;

/** At which provider the cookie's login was: logging out leads there too. */
const BACKEND_COOKIE = "conda-store-login";
/** A login that takes longer has to begin again. */
export const RETURN_SECONDS = 600;

/** Plain http happens on one's own machine only; API Gateway has no such door. */
function isSecure(c: ApiContext, { login }: Site): boolean {
  if (login.publicUrl !== undefined) return login.publicUrl.startsWith("https:");
  return (c.req.header("x-forwarded-proto") ?? new URL(c.req.url).protocol.slice(0, -1)) !== "http";
}

const options = (c: ApiContext, site: Site): CookieOptions => ({
  httpOnly: true,
  sameSite: "Lax",
  secure: isSecure(c, site),
  path: site.prefix || "/",
});

/** Browsers take SameSite=None from secure places only. */
const authOptions = (c: ApiContext, site: Site): CookieOptions => {
  const own = options(c, site);
  return { ...own, sameSite: site.login.sameSite === "none" && own.secure ? "None" : "Lax" };
};

/** Whatever cookie was there is replaced, so that nobody goes on with one that somebody else had set. */
export function setLogin(c: ApiContext, site: Site, token: string, backend: Backend): void {
  const maxAge = LOGIN_SECONDS - 1;
  setCookie(c, AUTH_COOKIE, token, { ...authOptions(c, site), maxAge });
  if (isRedirectBackend(backend)) {
    setCookie(c, BACKEND_COOKIE, backend.name, { ...options(c, site), maxAge });
  } else if (getCookie(c, BACKEND_COOKIE) !== undefined) deleteCookie(c, BACKEND_COOKIE, options(c, site));
}

/** @returns the backend's name that the login came from */
export function forgetLogin(c: ApiContext, site: Site): string | undefined {
  const backend = getCookie(c, BACKEND_COOKIE);
  deleteCookie(c, AUTH_COOKIE, authOptions(c, site));
  if (backend !== undefined) deleteCookie(c, BACKEND_COOKIE, options(c, site));
  return backend;
}

/** One for each login that has begun, so that two windows do not disturb each other. */
const returnCookie = (state: string): string =>
  `${BACKEND_COOKIE}-${createHash("sha256").update(state).digest("hex").slice(0, 16)}`;

/** What only the browser that began a login has. Its way back is a link of another site's, so Lax must do. */
export function rememberBrowser(c: ApiContext, site: Site, state: string, browser: string): void {
  setCookie(c, returnCookie(state), browser, { ...options(c, site), maxAge: RETURN_SECONDS });
}

/** The same, given back once; undefined in a browser that did not begin this login. */
export function takeBrowser(c: ApiContext, site: Site, state: string): string | undefined {
  const browser = getCookie(c, returnCookie(state));
  if (browser !== undefined) deleteCookie(c, returnCookie(state), options(c, site));
  return browser;
}
