/**
 * The audit's list and export.
 * @module
 */
import { getNamespace } from "#adapters/dynamodb/namespaces.ts";
import { type AuditPart, readAudit } from "#adapters/dynamodb/read-audit.ts";
import { actorOf, type Entity } from "#core/access/entity.ts";
import { notAuthorized } from "#core/access/may.ts";
import { GLOBAL, ofNamespace } from "#core/access/pattern.ts";
import type { AuditEntry } from "#core/audit/entry.ts";
import { type listAudit, NDJSON, NEXT_CURSOR } from "#core/contract/audit.ts";
import type { Query } from "#core/contract/route.ts";
import { AppError } from "#core/errors.ts";
import type { Ask, Tell } from "../serve.ts";
import type { Services } from "../services.ts";

/** An answer of 6 MB holds this as JSON inside a JSON string, and as base64. */
const BYTES_MAX = 2_500_000;

const show = (entry: AuditEntry) => ({
  id: entry.id,
  at: entry.at.toISOString(),
  action: entry.action,
  by: { ...entry.by },
  namespace: entry.namespace,
  environment: entry.environment,
  build_id: entry.build,
  details: entry.details && { ...entry.details },
  request_id: entry.requestId,
  address: entry.address,
});

export const listing =
  ({ db }: Services): Tell<typeof listAudit> =>
  async ({ query, own, can, c }) => {
    const { order, limit, until = null } = query;
    const { part, wanted, since } = await scopeOf(db, query, own, can);
    const { entries, next } = await readAudit(db, {
      part,
      wanted,
      since: later(query.since ?? null, since),
      until,
      order,
      after: query.cursor === undefined ? null : readCursor(query.cursor),
      most: limit,
      bytesMax: BYTES_MAX,
      sizeOf: (entry) => Buffer.byteLength(JSON.stringify(show(entry))),
    });
    const cursor = next && writeCursor(next);
    const isNdjson = query.format === undefined ? accepts(c.req.header("accept")) : query.format === "ndjson";
    if (!isNdjson) return { status: "ok", data: entries.map(show), message: null, cursor };
    const lines = entries.map((entry) => `${JSON.stringify(show(entry))}\n`);
    return c.body(lines.join(""), 200, {
      "content-type": NDJSON,
      ...(cursor === null ? {} : { [NEXT_CURSOR]: cursor }),
    });
  };

interface Scope {
  readonly part: AuditPart;
  readonly wanted: (entry: AuditEntry) => boolean;
  /** Nothing older may be shown. */
  readonly since: Date | null;
}

/**
 * Who manages the store sees everything, who manages a namespace what was done in it, and everybody what they did
 * themselves. A former namespace of the same name was another's: only who manages the store sees what was done there.
 * @throws AppError permission_denied, namespace_not_found
 */
async function scopeOf(
  db: Services["db"],
  { namespace, person }: Pick<Query<typeof listAudit>, "namespace" | "person">,
  own: Entity,
  can: Ask<typeof listAudit>["can"],
): Promise<Scope> {
  const me = actorOf(own);
  const isAll = await can("namespace-role-mapping::update", GLOBAL);
  const self = me.kind === "user" && (person === me.name || (person === undefined && !isAll));
  if (self && (person !== undefined || namespace === undefined)) {
    return {
      part: { kind: "actor", actor: me },
      wanted: (entry) => namespace === undefined || entry.namespace === namespace,
      since: null,
    };
  }
  const wanted = (entry: AuditEntry): boolean =>
    person === undefined || (entry.by.kind === "user" && entry.by.name === person);
  if (namespace !== undefined) {
    const part = { kind: "namespace", namespace } as const;
    if (isAll) return { part, wanted, since: null };
    if (!(await can("namespace-role-mapping::update", ofNamespace(namespace)))) throw notAuthorized();
    const found = await getNamespace(db, namespace);
    if (!found) throw new AppError("namespace_not_found", "namespace does not exist");
    return { part, wanted, since: found.createdAt };
  }
  if (!isAll) throw notAuthorized();
  if (person === undefined) return { part: { kind: "store" }, wanted, since: null };
  return { part: { kind: "actor", actor: { kind: "user", name: person } }, wanted, since: null };
}

const later = (a: Date | null, b: Date | null): Date | null => (a && b ? (a > b ? a : b) : (a ?? b));

/** NDJSON only for who asks for nothing else: browsers and programs that take anything get JSON. */
const accepts = (accept = ""): boolean =>
  accept.split(",").some((type) => type.split(";")[0]?.trim() === NDJSON);

const POSITION = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#[0-9a-f-]{36}$/;

const writeCursor = (position: string): string => Buffer.from(position).toString("base64url");

function readCursor(text: string): string {
  const position = Buffer.from(text, "base64url").toString("utf8");
  if (POSITION.test(position)) return position;
  throw new AppError("invalid_request", "cursor is none that this list gave: start again without it.");
}
