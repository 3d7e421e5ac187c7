/**
 * Specifications: posting one makes a build.
 * @module
 */
import * as v from "valibot";
import { LOCKFILE_BYTES_MAX } from "#core/specification/limits.ts";
import { route } from "./route.ts";
import { data, NONE } from "./shapes.ts";

const text = (description: string) => v.pipe(v.string("must be a string"), v.description(description));

export const postSpecification = route({
  id: "postSpecification",
  method: "post",
  path: "/api/v1/specification",
  aliases: [],
  summary: "Make a build of an environment from a specification",
  access: { kind: "permission", permission: "environment:create", target: "body" },
  params: NONE,
  query: NONE,
  body: {
    schema: v.object({
      specification: v.optional(
        text(
          "The text: YAML as in environment.yml, or with is_lockfile a conda-lock v1 lockfile, YAML or JSON",
        ),
        "",
      ),
      namespace: v.optional(
        v.nullable(text("Made if there is none; without it the caller's primary namespace")),
        null,
      ),
      is_lockfile: v.optional(v.nullable(v.boolean("must be true or false")), false),
      environment_name: v.optional(v.nullable(text("Name, which a lockfile does not have itself")), ""),
      environment_description: v.optional(v.nullable(text("Description, for the same reason")), ""),
    }),
    // JSON escapes can double the text; the text itself is measured after parsing.
    bytesMax: 2 * LOCKFILE_BYTES_MAX + 16 * 1024,
    form: false,
  },
  reply: data(v.object({ build_id: v.number() })),
  otherReplies: [],
  errors: ["invalid_specification", "invalid_name", "setting_violated", "body_too_large"],
});
