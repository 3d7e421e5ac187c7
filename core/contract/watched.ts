/**
 * Watched files. Not in the original, which says nothing of them.
 * @module
 */
import * as v from "valibot";
import { WATCHED_SOURCES } from "#core/watched/file.ts";
import { route } from "./route.ts";
import { described, NONE, nameFilter, page, pageQuery, Timestamp } from "./shapes.ts";

export const listWatchedFiles = route({
  id: "listWatchedFiles",
  method: "get",
  path: "/api/v1/watched",
  aliases: [],
  summary: "Files that specifications are kept in, and what became of each",
  access: { kind: "filtered", permission: "environment::read" },
  params: NONE,
  query: v.object({ ...pageQuery(), namespace: nameFilter("namespace") }),
  body: null,
  reply: page(
    v.object({
      id: v.number(),
      namespace: v.string(),
      source: v.picklist(WATCHED_SOURCES),
      path: v.string(),
      status: described(
        v.picklist(["built", "refused", "removed"]),
        "What became of the text as it is now; the build has a status of its own",
      ),
      error: described(v.nullable(v.string()), "Why it is refused"),
      environment: described(v.nullable(v.string()), "Of the last text that was good"),
      build_id: described(v.nullable(v.number()), "The build of the last text that was good"),
      seen: described(Timestamp, "When something of this changed last"),
    }),
  ),
  otherReplies: [],
  errors: [],
});
