/**
 * Who asks: the first of Bearer, Basic (its password is a token) and cookie that holds a good token; else nobody.
 * @module
 */
import { getCookie } from "hono/cookie";
import { anonymous, type Entity } from "#core/access/entity.ts";
import { AUTH_COOKIE } from "#core/contract/login.ts";
import { AppError } from "#core/errors.ts";
import { shownIn } from "#core/token/shown.ts";
import { bearerOf } from "../../bearer.ts";
import type { ApiContext } from "../context.ts";
import type { Services } from "../services.ts";

export interface Caller {
  readonly entity: Entity;
  /** The browser sent the credential by itself, so the request may be another site's idea. */
  readonly byCookie: boolean;
}

/** Finds the caller. Credentials that cannot be decoded or have ended make nobody of him, never an error. */
export async function findCaller(c: ApiContext, services: Services): Promise<Caller> {
  const { token } = shownIn(c.req.header("authorization"));
  const byHeader = token && (await bearerOf(services, token));
  if (byHeader) return { entity: byHeader, byCookie: false };
  const fromCookie = getCookie(c, AUTH_COOKIE);
  const byCookie = fromCookie && (await bearerOf(services, fromCookie));
  return {
    entity: byCookie || anonymous(services.settings.default_namespace),
    byCookie: Boolean(byCookie),
  };
}

const CHANGES_STATE: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/**
 * Refuses a change of state that a browser makes for another site. A browser names the site in `Origin`; programs send
 * none. The cookie is SameSite=Lax beside it; this also guards logging in.
 * @param allowed origins of other sites that the deployment names
 * @throws AppError `origin_refused`
 */
export function refuseForeignOrigin(c: ApiContext, allowed: readonly string[] = []): void {
  if (!CHANGES_STATE.has(c.req.method)) return;
  const origin = c.req.header("origin");
  if (origin !== undefined && allowed.includes(origin)) return;
  const site = c.req.header("sec-fetch-site");
  const foreign =
    origin === undefined
      ? site === "cross-site" || site === "same-site"
      : !ownHosts(c).includes(hostOf(origin));
  if (foreign) {
    throw new AppError("origin_refused", "This request comes from a page of another site and was refused.");
  }
}

/** Names under which the browser may know us; a page cannot set either header for another site without asking first. */
export function ownHosts(c: ApiContext): string[] {
  const hosts = [c.req.header("host"), c.req.header("x-forwarded-host")?.split(",")[0]?.trim()];
  return hosts.filter((host) => host !== undefined && host !== "").map((host) => String(host).toLowerCase());
}

/** `null` and what is no address have the empty host, which is nobody's. */
function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : "";
}
