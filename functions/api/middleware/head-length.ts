/**
 * HEAD tells the length that GET has.
 * @module
 */
import type { MiddlewareHandler } from "hono";
import type { Env } from "../context.ts";

/** The framework throws the body of an answer to HEAD away, and its length with it. */
export const headLength: MiddlewareHandler<Env> = async (c, next) => {
  await next();
  if (c.req.method !== "HEAD") return;
  const { byteLength } = await c.res.clone().arrayBuffer();
  c.header("content-length", String(byteLength));
};
