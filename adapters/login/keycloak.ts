/**
 * Keycloak's fine-grained roles: the attribute `scopes` of a user's client roles, which no token carries, so Keycloak's admin
 * API is asked with the client's own credentials.
 * @module
 */
import type { BindingMap } from "#core/access/binding.ts";
import { bindingsOfScopes } from "#core/login/role-scopes.ts";
import { type AskProvider, ProviderError } from "./ask-provider.ts";
import { askAsUser, askForTokens, type ClientProof } from "./code-flow.ts";

export interface RoleScopesRequest {
  /** `https://host/realms/name`, with or without `/auth` before it. */
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly secret: string | null;
  readonly proof: ClientProof;
  /** Keycloak's id of the user. */
  readonly subject: string;
  /** The user's name, whose own namespace no attribute speaks about. */
  readonly user: string;
}

/**
 * What the attributes give.
 * @throws ProviderError when Keycloak does not answer, or not as Keycloak
 */
export async function askForRoleScopes(request: RoleScopesRequest, ask: AskProvider): Promise<BindingMap> {
  const { issuer, tokenEndpoint, clientId, subject, user, proof } = request;
  const [, base = "", realm] = /^(.*)\/realms\/([^/]+)\/?$/.exec(issuer) ?? [];
  if (realm === undefined) throw new ProviderError(`${issuer} is no realm of a Keycloak`);
  const admin = `${base}/admin/realms/${realm}`;
  const { accessToken } = await askForTokens(ask, tokenEndpoint, request, proof, {
    grant_type: "client_credentials",
  });
  const clients = await askForList(
    ask,
    `${admin}/clients?clientId=${encodeURIComponent(clientId)}`,
    accessToken,
  );
  const id = (clients[0] as { readonly id?: unknown } | undefined)?.id;
  if (typeof id !== "string") throw new ProviderError(`the realm has no client ${clientId}`);
  const mappings = `${admin}/users/${encodeURIComponent(subject)}/role-mappings/clients/${encodeURIComponent(id)}`;
  const roles = await askForList(ask, `${mappings}/composite?briefRepresentation=false`, accessToken);
  return bindingsOfScopes(roles.flatMap(scopesOf), user);
}

async function askForList(ask: AskProvider, url: string, accessToken: string): Promise<readonly unknown[]> {
  const { json } = await askAsUser(ask, url, accessToken);
  if (!Array.isArray(json)) throw new ProviderError("Keycloak's admin API gave no list");
  return json;
}

/** Attributes are lists of texts. */
function scopesOf(role: unknown): string[] {
  const { attributes } = (role ?? {}) as { readonly attributes?: { readonly scopes?: unknown } };
  const scopes = attributes?.scopes;
  return Array.isArray(scopes) ? scopes.filter((text) => typeof text === "string") : [];
}
