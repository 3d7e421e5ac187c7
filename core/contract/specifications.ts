/**
 * Specifications: posting one makes a build.
 * @module
 */
import * as v from "valibot";
import { FILE_FORMATS, FILES_MAX, LOCKFILE_BYTES_MAX } from "#core/specification/limits.ts";
import { route } from "./route.ts";
import { data, described, NONE } from "./shapes.ts";

const text = (description: string) => described(v.string("must be a string"), description);

const SpecificationFile = v.object(
  {
    name: v.pipe(
      text("As in messages: environment.yml, requirements.txt, …"),
      v.nonEmpty("must not be empty"),
      v.maxLength(255, "must not have more than 255 characters"),
    ),
    content: text("The file's text"),
    format: v.optional(
      v.nullable(
        described(
          v.picklist(FILE_FORMATS, `must be one of ${FILE_FORMATS.join(", ")}`),
          "Without it the name says what it is: *.yml, *.yaml, *.json, requirements*.txt",
        ),
      ),
      null,
    ),
  },
  "must be an object with name and content",
);

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
      files: v.optional(
        v.nullable(
          v.pipe(
            v.array(SpecificationFile, "must be a list of files"),
            v.minLength(1, "must hold a file"),
            v.maxLength(FILES_MAX, `must not hold more than ${FILES_MAX} files`),
            v.description("Instead of one text: files that are merged in this order"),
          ),
        ),
        null,
      ),
      clone_from: v.optional(
        v.nullable(
          text("Instead of a text: namespace/name of an environment whose current specification is taken"),
        ),
        null,
      ),
      frozen: v.optional(
        v.nullable(
          described(
            v.boolean("must be true or false"),
            "With clone_from: also its very packages, instead of a new solve",
          ),
        ),
        false,
      ),
      solve_id: v.optional(
        v.nullable(
          text("Instead of a text: a solve of POST solve, whose specification and very packages are built"),
        ),
        null,
      ),
      environment_name: v.optional(
        v.nullable(text("Name: a lockfile and a clone need it, for files it stands above theirs")),
        "",
      ),
      environment_description: v.optional(v.nullable(text("Description, likewise")), ""),
    }),
    // JSON escapes can double the text; the text itself is measured after parsing.
    bytesMax: 2 * LOCKFILE_BYTES_MAX + 16 * 1024,
    form: false,
  },
  reply: data(v.object({ build_id: v.number() })),
  otherReplies: [],
  errors: [
    "invalid_request",
    "invalid_specification",
    "invalid_name",
    "setting_violated",
    "body_too_large",
    "environment_not_found",
    "solve_not_found",
    "conflict",
    "too_many_requests",
  ],
});
