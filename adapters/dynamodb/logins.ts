/**
 * Logins that have begun at a provider, each good for one return; and who owns which user name.
 * @module
 */
import { createHash } from "node:crypto";
import { AppError } from "#core/errors.ts";
import type { Identity } from "#core/login/identity.ts";
import type { Namespace } from "#core/namespace/namespace.ts";
import { type AuditedDb, auditItem } from "./audit.ts";
import { batchGet } from "./batch-get.ts";
import { DeleteCommand, PutCommand } from "./commands.ts";
import { nextId } from "./counters.ts";
import type { Db } from "./db.ts";
import { ABSENT, expressions } from "./expression.ts";
import { type Item, toSeconds, withVersion } from "./item.ts";
import { type Key, loginKey, NAMESPACES, namespaceKey, userKey } from "./keys.ts";
import { createNamespaceItem } from "./namespaces.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { type TransactItem, transact } from "./transact.ts";
import { check, create } from "./transact-items.ts";

/** What was begun. */
export interface BegunLogin {
  readonly backend: string;
  readonly nonce: string;
  readonly verifier: string;
  /** sha256 of what the browser that began keeps in a cookie. */
  readonly browser: string;
  /** Where the user goes afterwards: a path of ours. */
  readonly next: string | null;
}

/** Who reads the table must not be able to return in somebody's place. */
const keyOf = (state: string): Key => loginKey(createHash("sha256").update(state).digest("hex"));

/** Remembers a login until it returns. */
export async function beginLogin(db: Db, state: string, login: BegunLogin, expiresAt: Date): Promise<void> {
  await db.client.send(
    new PutCommand({
      TableName: db.table,
      Item: withVersion({ ...keyOf(state), ...login, expiresAt: toSeconds(expiresAt) }),
      ...expressions({ where: { pk: ABSENT } }),
    }),
  );
}

/** Takes it away, so that a second return finds nothing; null for what was never begun, has returned, or took too long. */
export async function takeLogin(db: Db, state: string, now: Date): Promise<BegunLogin | null> {
  const { Attributes } = await db.client.send(
    new DeleteCommand({ TableName: db.table, Key: keyOf(state), ReturnValues: "ALL_OLD" }),
  );
  if (!Attributes || Number(Attributes["expiresAt"]) <= toSeconds(now)) return null;
  const { backend, nonce, verifier, browser, next } = Attributes as BegunLogin & Item;
  return { backend, nonce, verifier, browser, next };
}

export interface Claim {
  readonly identity: Identity;
  readonly at: Date;
  /** The user's namespace is made, if there is none. */
  readonly makeNamespace: boolean;
  /** A namespace that exists already is the user's: the backend says so. */
  readonly adopt: boolean;
}

/**
 * The user name belongs to whom it belonged first: another person of that name, at this provider or at another, is refused,
 * and so is who is called like a namespace of others.
 * @throws AppError `login_refused`
 */
export async function claimUserName(db: AuditedDb, claim: Claim): Promise<void> {
  const { identity, at, adopt } = claim;
  const name = identity.user;
  const owner = ownerOf(identity);
  await withRetry(async () => {
    const found = await batchGet(db, [userKey(name), namespaceKey(name)]);
    const user = found.find(({ pk }) => pk === userKey(name).pk);
    const namespace = found.find(({ pk }) => pk === NAMESPACES);
    if (user && user["owner"] !== owner) {
      throw new AppError("login_refused", `The user name ${name} is somebody else's here.`);
    }
    if (!user && namespace && !adopt) {
      throw new AppError(
        "login_refused",
        `There is a namespace ${name}, which is not yours: ask the operator who should have it.`,
      );
    }
    const makes = claim.makeNamespace && !namespace;
    if (user && !makes) return "done";
    const outcome = await transact(db, [
      ...(user ? [] : [create(db, userKey(name), { name, owner, createdAt: at.toISOString() })]),
      ...(makes ? await namespaceItems(db, name, at) : []),
      // Who makes it in this very moment is not the user.
      ...(makes || namespace ? [] : [check(db, namespaceKey(name), { pk: ABSENT })]),
    ]);
    return outcome.kind === "done" ? "done" : AGAIN;
  });
}

/** Of these names, those that are users' own. One call for each hundred. */
export async function findUserNames(db: Db, names: readonly string[]): Promise<Set<string>> {
  const items = await batchGet(db, names.map(userKey));
  return new Set(items.map(({ name }) => String(name)));
}

/** Of these names, those that are namespaces, one that is being deleted among them. One call for each hundred. */
export async function findNamespaces(db: Db, names: readonly string[]): Promise<Set<string>> {
  const items = names.length > 0 ? await batchGet(db, names.map(namespaceKey)) : [];
  return new Set(items.map(({ sk }) => String(sk)));
}

/** Makes those namespaces that are missing; a deleted one that is not empty yet stays deleted. */
export async function makeMissingNamespaces(
  db: AuditedDb,
  names: readonly string[],
  at: Date,
): Promise<void> {
  const there = await findNamespaces(db, names);
  for (const name of names) {
    if (there.has(name)) continue;
    const items = await namespaceItems(db, name, at);
    await withRetry(async () => {
      const outcome = await transact(db, [...items, check(db, userKey(name), { pk: ABSENT })]);
      // Somebody else was faster: it is there, or it is a user's.
      return outcome.kind === "contention" ? AGAIN : "done";
    });
  }
}

const ownerOf = ({ backend, subject }: Identity): string => `${backend}#${subject}`;

/** A namespace and its audit entry. */
async function namespaceItems(db: AuditedDb, name: string, createdAt: Date): Promise<TransactItem[]> {
  const id = await nextId(db, "namespace");
  const namespace = { id, name, createdAt, environments: 0 } as Namespace;
  return [
    createNamespaceItem(db, namespace),
    auditItem(db, { action: "namespace.create", namespace: name }, createdAt),
  ];
}
