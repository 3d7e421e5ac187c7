/**
 * The store as a whole: what it holds, what it does.
 * @module
 */
import * as v from "valibot";
import { route } from "./route.ts";
import { data, described, NONE } from "./shapes.ts";

export const getUsage = route({
  id: "getUsage",
  method: "get",
  path: "/api/v1/usage",
  aliases: [],
  summary: "What namespaces hold, of those that the caller may read whole",
  access: { kind: "filtered", permission: "environment::read" },
  params: NONE,
  query: NONE,
  body: null,
  reply: data(
    v.record(
      v.string(),
      v.object({
        num_environments: v.number(),
        num_builds: v.number(),
        storage: described(v.number(), "Bytes of the files of all completed builds"),
      }),
    ),
  ),
  otherReplies: [],
  errors: [],
});

const monitoring = {
  method: "get",
  aliases: [],
  access: { kind: "permission", permission: "environment::read", target: "global" },
  params: NONE,
  query: NONE,
  body: null,
  errors: [],
} as const;

export const getMetrics = route({
  ...monitoring,
  id: "getMetrics",
  path: "/metrics",
  summary: "Numbers for Prometheus; ask with a token that may read everything",
  reply: null,
  otherReplies: [{ status: 200, description: "A name and a value on each line", mediaType: "text/plain" }],
});

const Told = v.nullable(v.record(v.string(), v.unknown()));

export const getCelery = route({
  ...monitoring,
  id: "getCelery",
  path: "/celery",
  summary: "What is being built, in the shape of the original's workers",
  reply: v.object({
    availability: Told,
    stats: Told,
    registered_tasks: Told,
    active_tasks: v.nullable(
      v.record(
        v.string(),
        v.array(v.object({ id: v.string(), name: v.string(), args: v.array(v.number()) })),
      ),
    ),
    scheduled_tasks: Told,
  }),
  otherReplies: [],
});
