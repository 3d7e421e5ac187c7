/**
 * Solving before anything is built.
 * @module
 */
import * as v from "valibot";
import { SOLVE_STATUSES } from "#core/solve/solve.ts";
import { SPECIFICATION_BYTES_MAX } from "#core/specification/limits.ts";
import { route } from "./route.ts";
import { data, described, NONE } from "./shapes.ts";

const texts = (description: string) => v.optional(described(v.array(v.string()), description), []);

/** A package of a solve; fields beyond conda-store's are name, version and url. */
const SolveRow = v.object({
  id: v.number(),
  package_id: v.number(),
  channel_id: v.number(),
  name: v.string(),
  version: v.string(),
  build: v.string(),
  build_number: v.number(),
  constrains: v.null(),
  depends: v.array(v.string()),
  md5: v.nullable(v.string()),
  sha256: v.string(),
  size: described(v.number(), "Bytes; 0 where the index does not tell"),
  subdir: v.string(),
  timestamp: v.null(),
  url: v.string(),
});

export const solveSpecification = route({
  id: "solveSpecification",
  method: "get",
  path: "/api/v1/specification",
  aliases: [],
  summary: "Solve a few requirements and wait for the packages, at most 25 seconds",
  access: { kind: "permission", permission: "environment::solve", target: "body" },
  params: NONE,
  query: v.object({
    channel: texts("Channels, in priority order"),
    channels: texts("The same, as conda-store's command line sends them"),
    conda: texts("Requirements of conda"),
    pip: texts("Requirements of pip: conda's pip is added for them, they themselves are not solved"),
    namespace: v.optional(
      described(v.string(), "Whose settings count; without it the caller's primary namespace"),
    ),
    format: v.optional(v.picklist(["yaml", "lockfile"], "must be yaml or lockfile"), "yaml"),
  }),
  body: null,
  reply: v.object({ solve: v.array(SolveRow) }),
  otherReplies: [],
  errors: ["invalid_specification", "invalid_name", "setting_violated", "too_many_requests"],
});

const Package = v.object({ name: v.string(), version: v.string() });

const SolveView = v.object({
  id: described(v.string(), "To be handed to POST specification as solve_id"),
  namespace: v.string(),
  environment: v.string(),
  status: v.picklist(SOLVE_STATUSES),
  asked_on: v.string(),
  ended_on: v.nullable(v.string()),
  message: described(v.nullable(v.string()), "Why it failed, with what excludes what"),
  fault: v.nullable(v.picklist(["specification", "channel", "service"])),
  solver: v.nullable(v.string()),
  platform: v.nullable(v.string()),
  lock_digest: described(v.nullable(v.string()), "That of a build which is handed this solve"),
  packages: v.array(SolveRow),
  pip: described(v.array(v.string()), "Requirements of pip, which the build resolves"),
  size: described(v.number(), "Bytes of all packages"),
  changes: described(
    v.nullable(
      v.object({
        current_build_id: v.nullable(v.number()),
        added: v.array(Package),
        removed: v.array(Package),
        changed: v.array(v.object({ name: v.string(), from: v.string(), to: v.string() })),
        unchanged: v.number(),
        download_size: v.number(),
      }),
    ),
    "Against conda's packages of the environment's current build; null until it is solved",
  ),
  sources: described(
    v.array(
      v.object({
        channel: v.string(),
        path: v.string(),
        status: v.number(),
        validator: v.nullable(v.string()),
      }),
    ),
    "What of the channels' indexes was read",
  ),
});

export const postSolve = route({
  id: "postSolve",
  method: "post",
  path: "/api/v1/solve",
  aliases: [],
  summary: "Have a specification solved, without a build; ask for the result by the id",
  access: { kind: "permission", permission: "environment::solve", target: "body" },
  params: NONE,
  query: NONE,
  body: {
    schema: v.object({
      specification: described(v.string("must be a string"), "YAML as in environment.yml"),
      namespace: v.optional(
        v.nullable(described(v.string("must be a string"), "Without it the caller's primary namespace")),
        null,
      ),
    }),
    bytesMax: 2 * SPECIFICATION_BYTES_MAX + 16 * 1024,
    form: false,
  },
  reply: data(v.object({ solve_id: v.string(), status: v.picklist(SOLVE_STATUSES) })),
  otherReplies: [],
  errors: [
    "invalid_specification",
    "invalid_name",
    "setting_violated",
    "body_too_large",
    "too_many_requests",
  ],
});

export const getSolve = route({
  id: "getSolve",
  method: "get",
  path: "/api/v1/solve/:solve",
  aliases: [],
  summary: "A solve that was asked for within the last day: whether it has ended, and with what",
  access: { kind: "permission", permission: "environment::solve", target: "body" },
  params: v.object({ solve: v.pipe(v.string(), v.uuid("The solve id must be one that POST solve gave")) }),
  query: NONE,
  body: null,
  reply: data(SolveView),
  otherReplies: [],
  errors: ["solve_not_found"],
});
