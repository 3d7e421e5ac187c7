/**
 * From who somebody is to a token: the user name is theirs, the rules say what they may do.
 * @module
 */
import { type AuditedDb, by } from "#adapters/dynamodb/audit.ts";
import { claimUserName, findUserNames, makeMissingNamespaces } from "#adapters/dynamodb/logins.ts";
import { getSettingsLayers } from "#adapters/dynamodb/settings.ts";
import type { BindingMap } from "#core/access/binding.ts";
import { AppError } from "#core/errors.ts";
import type { Backend } from "#core/login/backends.ts";
import type { Identity } from "#core/login/identity.ts";
import { applyRules, type Given, parseRule } from "#core/login/rules.ts";
import { layerSettings } from "#core/settings/scope.ts";
import type { Settings } from "#core/settings/settings.ts";
import { LOGIN_SECONDS } from "#core/token/claims.ts";
import { issueToken } from "../issue-token.ts";
import type { Services } from "../services.ts";

/** Browsers keep cookies of 4,096 bytes; a token writes three bytes as four letters, and has other claims. */
const BINDINGS_BYTES_MAX = 2_400;
/** More are made at the next logins. */
const NEW_NAMESPACES_MAX = 20;

/**
 * Lets somebody in.
 * @returns the token
 * @throws AppError `login_refused`
 */
export async function admit(
  services: Services & { readonly db: AuditedDb },
  backend: Backend,
  identity: Identity,
  at: Date,
): Promise<string> {
  const { settings: deployment, log } = services;
  const db = by(services.db, { kind: "user", name: identity.user });
  const { settings } = layerSettings(deployment, await getSettingsLayers(db, { kind: "global" }));
  mustNotBeReserved(identity, settings);
  await claimUserName(db, {
    identity,
    at,
    makeNamespace: settings.login_namespaces.includes("users"),
    adopt: backend.adoptsNamespaces,
  });
  const rules = settings.login_roles.map(parseRule).filter((rule) => typeof rule !== "string");
  const given = applyRules(rules, identity);
  const shared = namesOf(given);
  const users = shared.length > 0 ? await findUserNames(db, shared) : new Set<string>();
  if (users.size > 0) {
    log.warn("groups are called like users, and give nothing", { backend: backend.name, names: [...users] });
  }
  const good = given.filter(({ groupNamespace }) => groupNamespace === null || !users.has(groupNamespace));
  if (settings.login_namespaces.includes("groups")) {
    await makeMissingNamespaces(db, namesOf(good).slice(0, NEW_NAMESPACES_MAX), at);
  }
  const roleBindings = unite(good, identity.bindings);
  if (Buffer.byteLength(JSON.stringify(roleBindings)) > BINDINGS_BYTES_MAX) {
    throw new AppError(
      "login_refused",
      "Your groups give you more roles than a browser's cookie holds: ask the operator for rules with patterns.",
    );
  }
  const { token } = await issueToken(
    { db, secret: services.secret },
    {
      kind: "login",
      name: null,
      madeFrom: [],
      primaryNamespace: identity.user,
      roleBindings,
      expiresAt: new Date(at.getTime() + LOGIN_SECONDS * 1000),
    },
  );
  return token;
}

/** Namespaces that belong to everybody are nobody's. */
function mustNotBeReserved({ user }: Identity, { default_namespace, filesystem_namespace }: Settings): void {
  if (user !== default_namespace && user !== filesystem_namespace) return;
  throw new AppError(
    "login_refused",
    `The user name ${user} is the name of a namespace that is nobody's own.`,
  );
}

const namesOf = (given: readonly Given[]): string[] => [
  ...new Set(given.flatMap(({ groupNamespace }) => (groupNamespace === null ? [] : [groupNamespace]))),
];

function unite(given: readonly Given[], more: BindingMap): BindingMap {
  const roles = new Map<string, Set<string>>();
  const add = (entity: string, role: string): void => {
    roles.set(entity, (roles.get(entity) ?? new Set()).add(role));
  };
  for (const { entity, role } of given) add(entity, role);
  for (const [entity, names] of Object.entries(more)) for (const role of names) add(entity, role);
  return Object.fromEntries([...roles].map(([entity, names]) => [entity, [...names].sort()]));
}
