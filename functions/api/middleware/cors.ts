/**
 * Pages of other origins that the deployment names (JupyterLab on another host) may ask with their user's credentials.
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { NEXT_CURSOR } from "#core/contract/audit.ts";
import type { Env } from "../context.ts";

/** A day: each call from such a page has a preflight before it, unless the browser remembers the last one. */
const REMEMBER_SECONDS = 86_400;

/** Answers preflights and marks answers for exactly these origins; for any other, nothing says that there is a difference. */
export function cors(origins: readonly string[]): MiddlewareHandler<Env> {
  const allowed = new Set(origins);
  return async function cors(c, next) {
    const origin = c.req.header("origin") ?? "";
    const mark = (): void => {
      if (allowed.size > 0) c.header("vary", "Origin", { append: true });
      if (!allowed.has(origin)) return;
      c.header("access-control-allow-origin", origin);
      c.header("access-control-allow-credentials", "true");
      c.header("access-control-expose-headers", `x-request-id, retry-after, ${NEXT_CURSOR}`);
    };
    const preflight = c.req.method === "OPTIONS" && c.req.header("access-control-request-method");
    if (!preflight || !allowed.has(origin)) {
      await next();
      mark();
      return;
    }
    mark();
    c.header("access-control-allow-methods", "GET, HEAD, POST, PUT, DELETE");
    c.header("access-control-allow-headers", "authorization, content-type");
    c.header("access-control-max-age", String(REMEMBER_SECONDS));
    return c.body(null, 204);
  };
}
