/**
 * Records of tokens: what can be listed, and revoked. A record is kept until its token would have ended; one without
 * an end does not exist here.
 * @module
 */
import type { BindingMap } from "#core/access/binding.ts";
import { parseTokenName } from "#core/token/token-name.ts";
import { type AuditedDb, auditItem } from "./audit.ts";
import { batchGet } from "./batch-get.ts";
import { ConditionalCheckFailedException, UpdateCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { type Change, expressions, UNSET } from "./expression.ts";
import { type Item, toDate, toDateOrNull, toSeconds } from "./item.ts";
import { type Key, SCHEMA_VERSION, tokenKey, tokensPartition } from "./keys.ts";
import { readPartition } from "./query.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { transact } from "./transact.ts";
import { change, create } from "./transact-items.ts";

export interface TokenRecord {
  readonly primaryNamespace: string;
  readonly id: string;
  /** What its owner calls it; null for logins, and where nobody gave a name. */
  readonly name: string | null;
  readonly kind: "login" | "token";
  readonly roleBindings: BindingMap;
  readonly createdOn: Date;
  readonly expiresAt: Date;
  readonly revokedOn: Date | null;
  /** Of logins. */
  readonly loggedOutOn: Date | null;
  /** To the hour; null: not used yet. */
  readonly lastUsedOn: Date | null;
}

/** Keeps a record of a token that is about to be handed out. */
export async function putToken(
  db: AuditedDb,
  {
    primaryNamespace,
    id,
    expiresAt,
    ...record
  }: Omit<TokenRecord, "revokedOn" | "loggedOutOn" | "lastUsedOn">,
): Promise<void> {
  const { name, kind, roleBindings } = record;
  const attributes = {
    primaryNamespace,
    id,
    ...record,
    createdOn: record.createdOn.toISOString(),
    expiresAt: toSeconds(expiresAt),
    revokedOn: null,
    loggedOutOn: null,
  };
  const details = {
    token: id,
    primary_namespace: primaryNamespace,
    ...(kind === "login" ? {} : { name, role_bindings: roleBindings }),
    expires_on: expiresAt.toISOString(),
  };
  await withRetry(async () => {
    const outcome = await transact(db, [
      create(db, tokenKey(primaryNamespace, id), attributes),
      auditItem(db, { action: kind === "login" ? "login" : "token.create", details }, record.createdOn),
    ]);
    return outcome.kind === "done" ? "done" : AGAIN;
  });
}

/** The newest first, those that have ended left out. @param after the id behind which to begin */
export async function listTokens(
  db: Db,
  { primaryNamespace, limit, after, now }: TokenPage,
): Promise<{ readonly tokens: readonly TokenRecord[]; readonly next: string | null }> {
  const tokens: TokenRecord[] = [];
  let last: string | null = null;
  let read = 0;
  const items = readPartition(db, {
    partition: tokensPartition(primaryNamespace),
    descending: true,
    limit,
    ...(after === null ? {} : { after: tokenKey(primaryNamespace, after) }),
  });
  for await (const item of items) {
    read += 1;
    const token = toRecord(item);
    last = token.id;
    if (token.expiresAt > now) tokens.push(token);
  }
  return { tokens, next: read < limit ? null : last };
}

export interface TokenPage {
  readonly primaryNamespace: string;
  readonly limit: number;
  readonly after: string | null;
  readonly now: Date;
}

/** Records by their names (`tokenName`); what is not there was never made, or has ended. One call. */
export async function getTokens(db: Db, names: readonly string[]): Promise<TokenRecord[]> {
  const keys = names.map((name) => {
    const { primaryNamespace, id } = parseTokenName(name);
    return tokenKey(primaryNamespace, id);
  });
  return (await batchGet(db, keys)).map(toRecord);
}

/** Revokes a token; again changes nothing, and neither does one that is not there. */
export async function revokeToken(
  db: AuditedDb,
  primaryNamespace: string,
  id: string,
  now: Date,
): Promise<void> {
  await end(db, primaryNamespace, id, "token.revoke", {
    set: { revokedOn: now.toISOString() },
    where: { id, revokedOn: UNSET },
  });
}

/** Ends a login: its own token, and not those that were made from it. */
export async function endLogin(
  db: AuditedDb,
  primaryNamespace: string,
  id: string,
  now: Date,
): Promise<void> {
  await end(db, primaryNamespace, id, "logout", {
    set: { loggedOutOn: now.toISOString() },
    where: { id, kind: "login", loggedOutOn: UNSET },
  });
}

async function end(
  db: AuditedDb,
  primaryNamespace: string,
  id: string,
  action: "token.revoke" | "logout",
  ending: Change,
): Promise<void> {
  const details = { token: id, primary_namespace: primaryNamespace };
  await withRetry(async () => {
    const outcome = await transact(db, [
      change(db, tokenKey(primaryNamespace, id), ending),
      auditItem(db, { action, details }),
    ]);
    return outcome.kind === "contention" ? AGAIN : "done";
  });
}

/** What is told of use is this coarse, so that use costs a write an hour. */
export const USED_AGAIN_SECONDS = 3600;

/** Says that a token is in use, unless that was said within the hour. */
export const tokenUsed = (db: Db, { primaryNamespace, id }: TokenRecord, now: Date): Promise<void> =>
  noteUse(db, tokenKey(primaryNamespace, id), now, { id });

/** @param where what must hold of the item, so that none is made */
export const noteUse = (
  db: Db,
  key: Key,
  now: Date,
  where: NonNullable<Change["where"]> = {},
): Promise<void> =>
  update(db, key, {
    set: { lastUsed: toSeconds(now), v: SCHEMA_VERSION },
    where: { ...where, lastUsed: { below: toSeconds(now) - USED_AGAIN_SECONDS + 1 } },
  });

async function update(db: Db, key: Key, change: Change): Promise<void> {
  try {
    await db.client.send(new UpdateCommand({ TableName: db.table, Key: key, ...expressions(change) }));
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

const toRecord = (item: Item): TokenRecord => ({
  primaryNamespace: item["primaryNamespace"] as string,
  id: item["id"] as string,
  name: item["name"] as string | null,
  kind: item["kind"] as TokenRecord["kind"],
  roleBindings: item["roleBindings"] as BindingMap,
  createdOn: toDate(item["createdOn"]),
  expiresAt: new Date((item["expiresAt"] as number) * 1000),
  revokedOn: toDateOrNull(item["revokedOn"]),
  loggedOutOn: toDateOrNull(item["loggedOutOn"]),
  lastUsedOn: item["lastUsed"] === undefined ? null : new Date((item["lastUsed"] as number) * 1000),
});
