/**
 * The audit. Not in the original.
 * @module
 */
import * as v from "valibot";
import { ACTOR_KINDS, AUDIT_ACTIONS } from "#core/audit/entry.ts";
import { route } from "./route.ts";
import { described, limitQuery, NONE, nameFilter } from "./shapes.ts";

/** Entries in one answer, at most. */
const AUDIT_LIMIT_MAX = 1_000;
export const NDJSON = "application/x-ndjson";
/** Header of an NDJSON answer: what to send as `cursor` for the next entries; absent behind the last. */
export const NEXT_CURSOR = "x-next-cursor";

export const AuditRow = v.object({
  id: v.string(),
  at: v.pipe(v.string(), v.isoTimestamp(), v.description("UTC, e.g. 2026-11-21T08:03:06.654Z")),
  action: v.picklist(AUDIT_ACTIONS),
  by: described(
    v.object({ kind: v.picklist(ACTOR_KINDS), name: v.string() }),
    "A user by their primary namespace; the system by what of it acted",
  ),
  namespace: v.nullable(v.string()),
  environment: v.nullable(v.string()),
  build_id: v.nullable(v.number()),
  details: described(v.nullable(v.record(v.string(), v.unknown())), "Depends on the action"),
  request_id: described(v.nullable(v.string()), "null for what no request did"),
  address: described(v.nullable(v.string()), "That the request came from"),
});

const A_TIME = "must be a time such as 2026-11-21T08:00:00Z";
const moment = (description: string) =>
  v.optional(
    v.pipe(
      v.string(),
      v.isoTimestamp(A_TIME),
      v.description(description),
      v.transform((text) => new Date(text)),
      v.check((at) => !Number.isNaN(at.getTime()), A_TIME),
    ),
  );

export const listAudit = route({
  id: "listAudit",
  method: "get",
  path: "/api/v1/audit",
  aliases: [],
  summary: "Who changed what: of the whole store, of a namespace that the caller manages, or by the caller",
  access: { kind: "filtered", permission: "namespace-role-mapping::update" },
  params: NONE,
  query: v.object({
    namespace: nameFilter("namespace"),
    person: nameFilter("person", "Exact primary namespace of who did it"),
    since: moment("From this moment on"),
    until: moment("Before this moment"),
    order: v.optional(
      described(v.picklist(["asc", "desc"], "order must be asc or desc"), "`desc` begins with the newest"),
      "desc",
    ),
    limit: limitQuery(AUDIT_LIMIT_MAX, 100, "Entries"),
    cursor: v.optional(described(v.string(), "That of the last answer")),
    format: v.optional(
      described(
        v.picklist(["json", "ndjson"], "format must be json or ndjson"),
        `\`ndjson\`, or \`Accept: ${NDJSON}\`, for one entry a line and the cursor in ${NEXT_CURSOR}`,
      ),
    ),
  }),
  body: null,
  reply: v.object({
    status: v.literal("ok"),
    data: v.array(AuditRow),
    message: v.null(),
    cursor: described(
      v.nullable(v.string()),
      "null when there is nothing behind these; a page may be short, or empty, and not the last",
    ),
  }),
  otherReplies: [{ status: 200, description: "One entry a line", mediaType: NDJSON }],
  errors: ["invalid_request", "permission_denied", "namespace_not_found"],
});
