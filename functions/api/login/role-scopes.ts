/**
 * What Keycloak's attributes add to a login.
 * @module
 */
import { findNamespaces } from "#adapters/dynamodb/logins.ts";
import { openProvider, REQUEST_MS_MAX } from "#adapters/login/ask-provider.ts";
import type { Client } from "#adapters/login/code-flow.ts";
import { askForRoleScopes } from "#adapters/login/keycloak.ts";
import { type Metadata, proofOf } from "#adapters/login/oidc.ts";
import type { Backend } from "#core/login/backends.ts";
import type { Identity } from "#core/login/identity.ts";
import type { Services } from "../services.ts";

/** What Keycloak's attributes give is an extra: a login goes on without. */
export async function withRoleScopes(
  { db, allowPrivateHosts, log }: Services,
  backend: Extract<Backend, { kind: "oidc" }>,
  metadata: Metadata,
  { clientId, secret }: Client,
  identity: Identity,
): Promise<Identity> {
  const { subject, user } = identity;
  const place = { issuer: backend.issuer, tokenEndpoint: metadata.token_endpoint, proof: proofOf(metadata) };
  try {
    const ask = openProvider(allowPrivateHosts, REQUEST_MS_MAX);
    const bindings = await askForRoleScopes({ ...place, clientId, secret, subject, user }, ask);
    const known = await findNamespaces(db, Object.keys(bindings).map(namespaceOf));
    const [good, unknown] = [true, false].map((wanted) =>
      Object.entries(bindings).filter(([entity]) => known.has(namespaceOf(entity)) === wanted),
    );
    if (unknown?.length)
      log.warn("role attributes name namespaces that do not exist", {
        names: unknown.map(([entity]) => entity),
      });
    return { ...identity, bindings: Object.fromEntries(good ?? []) };
  } catch (error) {
    log.warn("the login goes on without role attributes", { backend: backend.name, error });
    return identity;
  }
}

const namespaceOf = (entity: string): string => entity.split("/")[0] ?? "";
