/**
 * One id and one log line per request.
 * @module
 */
import type { MiddlewareHandler } from "hono";
import type { Log } from "#adapters/log.ts";
import type { Env } from "../context.ts";

/** Gives the request its id (also in the header `x-request-id`) and logs it when answered. Never a query, header or body. */
export function requestLog(log: Log): MiddlewareHandler<Env> {
  return async function requestLog(c, next) {
    const startedMs = performance.now();
    const requestId = c.env?.requestId ?? crypto.randomUUID();
    c.set("requestId", requestId);
    c.set("fields", {});
    await next();
    c.header("x-request-id", requestId);
    c.header("x-content-type-options", "nosniff");
    if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
    log.info("request", {
      request_id: requestId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: Math.round(performance.now() - startedMs),
      ...c.get("fields"),
    });
  };
}
