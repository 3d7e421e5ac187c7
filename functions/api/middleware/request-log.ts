/**
 * One id and one log line per request.
 * @module
 */
import type { MiddlewareHandler } from "hono";
import type { Log } from "#adapters/log.ts";
import type { Env } from "../context.ts";

/** What browsers are told of every answer that does not say better, errors too: keep nothing, load nothing, frame nothing. */
const UNLESS_SET = [
  ["cache-control", "no-store"],
  [
    "content-security-policy",
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ["referrer-policy", "no-referrer"],
] as const;

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
    for (const [name, value] of UNLESS_SET) if (!c.res.headers.has(name)) c.header(name, value);
    log.info("request", {
      request_id: requestId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: Math.round(performance.now() - startedMs),
      // API Gateway's, under which Lambda's own traces are found where they are switched on.
      trace: c.req.header("x-amzn-trace-id")?.slice(0, 200),
      ...c.get("fields"),
    });
  };
}
