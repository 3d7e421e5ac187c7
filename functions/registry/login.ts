/**
 * Who asks. Docker shows a conda-store token as a password, here or at `/v2/token`, where it becomes a token for a few
 * repositories and minutes; who shows nothing may have what everybody may read.
 * @module
 */
import { getMappedGrants } from "#adapters/dynamodb/roles.ts";
import { signClaims, verifyClaims } from "#adapters/secrets/tokens.ts";
import { anonymous, type Entity, isMember, withGrants } from "#core/access/entity.ts";
import { may } from "#core/access/may.ts";
import { ofEnvironment } from "#core/access/pattern.ts";
import { isName } from "#core/names.ts";
import {
  REGISTRY_AUDIENCE,
  REGISTRY_SECONDS,
  type RegistryGrant,
  registryClaims,
  registryGrantOf,
} from "#core/token/registry-claims.ts";
import { shownIn } from "#core/token/shown.ts";
import { bearerOf } from "../bearer.ts";
import { RegistryError } from "./errors.ts";
import {
  json,
  type RegistryReply,
  type RegistryRequest,
  type RepositoryName,
  type Services,
} from "./services.ts";

export type Caller =
  | { readonly kind: "nobody"; readonly entity: Entity }
  | { readonly kind: "entity"; readonly entity: Entity }
  | { readonly kind: "grant"; readonly grant: RegistryGrant };

/** Where nobody's environments would go is a matter of the API: here nothing is made. */
const NOBODY = anonymous("");

export const CATALOGUE_SCOPE = "registry:catalog:*";
export const pullScope = ({ namespace, environment }: RepositoryName): string =>
  `repository:${namespace}/${environment}:pull`;

/** @throws RegistryError UNAUTHORIZED for credentials that are none of ours, have ended or were revoked */
export async function findCaller(
  services: Services,
  request: RegistryRequest,
  scope?: string,
): Promise<Caller> {
  const { scheme, token } = shownIn(request.headers["authorization"]);
  if (scheme === "none") return { kind: "nobody", entity: NOBODY };
  if (scheme === "bearer") {
    const verified = await verifyClaims(services.secret, token, new Date());
    const grant = verified && registryGrantOf(verified.claims);
    if (grant) return { kind: "grant", grant };
  }
  // The API's tokens are passwords here: as bearers, only what `/v2/token` gave is good.
  const entity = scheme === "basic" ? await bearerOf(services, token) : null;
  if (entity === null) throw unauthorized(request, scope);
  return { kind: "entity", entity };
}

/** @throws RegistryError UNAUTHORIZED where it would help to say who one is, else DENIED, whether or not there is such a thing */
export async function mustMayPull(
  services: Services,
  request: RegistryRequest,
  caller: Caller,
  repository: RepositoryName,
): Promise<void> {
  const { namespace, environment } = repository;
  if (caller.kind === "grant") {
    if (caller.grant.pull.includes(`${namespace}/${environment}`)) return;
    throw new RegistryError("DENIED");
  }
  if (await mayPull(services, caller.entity, repository)) return;
  throw caller.kind === "nobody" ? unauthorized(request, pullScope(repository)) : new RegistryError("DENIED");
}

/** Roles that were given to the members of a namespace are read only when the token's own do not suffice. */
async function mayPull(
  services: Services,
  own: Entity,
  { namespace, environment }: RepositoryName,
): Promise<boolean> {
  const target = ofEnvironment(namespace, environment);
  return (
    may(own, "environment::read", target) || may(await whole(services, own), "environment::read", target)
  );
}

export async function whole({ db }: Services, own: Entity): Promise<Entity> {
  return isMember(own) ? withGrants(own, await getMappedGrants(db, own.primaryNamespace)) : own;
}

/** With the address at which docker gets a token. A second header says the same to a gateway that renames the first. */
export function unauthorized(request: RegistryRequest, scope?: string): RegistryError {
  const host = hostOf(request);
  const scheme = request.headers["x-forwarded-proto"] === "http" ? "http" : "https";
  const challenge = `Bearer realm="${scheme}://${host}/v2/token",service="${host}"${scope ? `,scope="${scope}"` : ""}`;
  return new RegistryError("UNAUTHORIZED", {
    headers: { "www-authenticate": challenge, "x-registry-challenge": challenge },
  });
}

/** As the client calls us; what is no name of a host would break out of the header. */
export function hostOf({ headers }: RegistryRequest): string {
  const named = headers["x-forwarded-host"]?.split(",")[0]?.trim() || headers["host"] || "";
  return /^[A-Za-z0-9.-]+(?::\d+)?$/.test(named) ? named : "localhost";
}

/** GET with the scopes in the query and the password as Basic; POST as OAuth 2 has it, all in a form. */
export async function giveToken(services: Services, request: RegistryRequest): Promise<RegistryReply> {
  const form = request.method === "POST" ? new URLSearchParams(request.body) : null;
  const entity = form ? await formEntity(services, request, form) : await basicEntity(services, request);
  const scopes = (form ?? request.query).getAll("scope").flatMap((scope) => scope.split(" "));
  const grant = await grantOf(services, entity, scopes);
  const now = new Date();
  const token = await signClaims(services.secret, registryClaims(grant), {
    audience: REGISTRY_AUDIENCE,
    expiresAt: new Date(now.getTime() + REGISTRY_SECONDS * 1000),
    now,
  });
  const granted = [
    ...grant.pull.map((name) => `repository:${name}:pull`),
    ...(grant.catalogue ? [CATALOGUE_SCOPE] : []),
  ];
  return json({
    token,
    access_token: token,
    expires_in: REGISTRY_SECONDS,
    issued_at: `${now.toISOString().slice(0, 19)}Z`,
    scope: granted.join(" "),
  });
}

async function basicEntity(services: Services, request: RegistryRequest): Promise<Entity> {
  const caller = await findCaller(services, request);
  // A registry token is no way to another one: it would never end.
  if (caller.kind === "grant") throw unauthorized(request);
  return caller.entity;
}

async function formEntity(
  services: Services,
  request: RegistryRequest,
  form: URLSearchParams,
): Promise<Entity> {
  const shown = { password: form.get("password"), refresh_token: form.get("refresh_token") };
  const kind = form.get("grant_type");
  const secret = kind === "password" || kind === "refresh_token" ? shown[kind] : null;
  const entity = secret ? await bearerOf(services, secret) : null;
  if (entity === null) throw unauthorized(request);
  return entity;
}

const SCOPES_MAX = 50;

/** Of what was asked for, what the entity may have; the rest is passed over without a word, as docker expects. */
async function grantOf(
  services: Services,
  entity: Entity,
  scopes: readonly string[],
): Promise<RegistryGrant> {
  const pull = new Set<string>();
  let catalogue: Entity | null = null;
  for (const scope of scopes.slice(0, SCOPES_MAX)) {
    const [, name = "", actions = ""] = /^repository:([^:]+):([^:]+)$/.exec(scope) ?? [];
    const repository = repositoryOf(name);
    if (repository && actions.split(",").includes("pull") && (await mayPull(services, entity, repository))) {
      pull.add(name);
    }
    if (scope === CATALOGUE_SCOPE && entity.authenticated) catalogue = await whole(services, entity);
  }
  return { pull: [...pull], catalogue };
}

/** @returns null for a name that no repository has */
export function repositoryOf(name: string): RepositoryName | null {
  const [namespace = "", environment = "", ...more] = name.split("/");
  return more.length === 0 && isName(namespace) && isName(environment) ? { namespace, environment } : null;
}
