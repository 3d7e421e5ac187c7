/**
 * Why somebody may do something, or may not.
 * @module
 */
import { getMappedGrants } from "#adapters/dynamodb/roles.ts";
import { listTokens } from "#adapters/dynamodb/tokens.ts";
import { parseBindings } from "#core/access/binding.ts";
import { authenticated, type Entity, type Grant, type Source, withGrants } from "#core/access/entity.ts";
import { explain, rolesWith } from "#core/access/explain.ts";
import { mayEverything, notAuthorized } from "#core/access/may.ts";
import { GLOBAL, ofEnvironment, ofNamespace, type Target } from "#core/access/pattern.ts";
import type { Query } from "#core/contract/route.ts";
import { dataReply } from "#core/contract/shapes.ts";
import type { explainPermission } from "#core/contract/status.ts";
import { AppError } from "#core/errors.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";

/** Of another's tokens the newest so many are looked at. */
const TOKENS_MAX = 200;

export const explaining =
  (services: Services): Tell<typeof explainPermission> =>
  async ({ query, entity }) => {
    const target = targetOf(query);
    const self = await entity();
    const who = query.primary_namespace;
    if (who !== undefined && !mayEverything(self)) throw notAuthorized();
    const asked = who === undefined ? self : await memberOf(services, who);
    const because = explain(asked, query.permission, target);
    return dataReply({
      primary_namespace: asked.primaryNamespace,
      allowed: because.length > 0,
      because: because.map(({ source, pattern, roles }) => ({
        source: { kind: source.kind, name: nameOf(source) },
        pattern,
        roles: [...roles],
      })),
      roles_with_it: rolesWith(query.permission),
    });
  };

/** @throws AppError invalid_request */
function targetOf({ namespace, environment }: Query<typeof explainPermission>): Target {
  if (namespace !== undefined) {
    return environment === undefined ? ofNamespace(namespace) : ofEnvironment(namespace, environment);
  }
  if (environment === undefined) return GLOBAL;
  throw new AppError("invalid_request", "Name the namespace of the environment, too.");
}

/** Whoever has this primary namespace, with all logins and tokens that are in force. */
async function memberOf({ db, services }: Services, primaryNamespace: string): Promise<Entity> {
  const now = new Date();
  const [{ tokens }, mapped] = await Promise.all([
    listTokens(db, { primaryNamespace, limit: TOKENS_MAX, after: null, now }),
    primaryNamespace === "" ? [] : getMappedGrants(db, primaryNamespace),
  ]);
  const grants = tokens
    .filter(({ revokedOn, loggedOutOn }) => revokedOn === null && loggedOutOn === null)
    .map(
      ({ id, roleBindings }): Grant => ({
        source: { kind: "token", id },
        bindings: parseBindings(roleBindings) ?? [],
      }),
    );
  for (const { name, roleBindings, expiresAt, ...service } of services.values()) {
    if (service.primaryNamespace !== primaryNamespace || (expiresAt && expiresAt <= now)) continue;
    const bindings = parseBindings(roleBindings) ?? [];
    grants.push({ source: { kind: "configuration", service: name }, bindings });
  }
  const bare = authenticated({ primaryNamespace, own: [], expiresAt: null });
  return withGrants(bare, [...grants, ...mapped]);
}

function nameOf(source: Source): string | null {
  switch (source.kind) {
    case "default":
      return source.of;
    case "configuration":
      return source.service;
    case "token":
      return source.id;
    case "role_mapping":
      return source.by;
  }
}
