/**
 * OpenID Connect: a provider found by its issuer, and an ID token that is believed only if everything about it fits.
 * @module
 */
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from "jose";
import * as v from "valibot";
import { AppError } from "#core/errors.ts";
import type { Backend } from "#core/login/backends.ts";
import { groupNamesOf, type Identity, readPath, toIdentity } from "#core/login/identity.ts";
import { type AskProvider, checkAddress, openProvider, ProviderError } from "./ask-provider.ts";
import {
  askAsUser,
  askForTokens,
  authorizeAddress,
  type Client,
  type ClientProof,
  type LoginSecrets,
} from "./code-flow.ts";

type OpenIdConnect = Extract<Backend, { kind: "oidc" }>;

const endpoint = v.pipe(v.string(), v.url());
const Metadata = v.object({
  issuer: v.string(),
  authorization_endpoint: endpoint,
  token_endpoint: endpoint,
  jwks_uri: endpoint,
  userinfo_endpoint: v.optional(endpoint),
  end_session_endpoint: v.optional(endpoint),
  token_endpoint_auth_methods_supported: v.optional(v.array(v.string()), ["client_secret_basic"]),
  authorization_response_iss_parameter_supported: v.optional(v.boolean(), false),
});
export type Metadata = v.InferOutput<typeof Metadata>;

/** Signed by a key that the provider publishes; a client's secret signs nothing here. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
const CLOCK_SKEW_SECONDS = 60;

/** Providers by issuer; metadata changes rarely, and keys are asked for again when an unknown one signs. */
const known = new Map<string, { readonly metadata: Metadata; readonly readAtMs: number }>();
const KNOWN_MS_MAX = 600_000;

/** @throws ProviderError when the provider does not answer, or speaks for another issuer */
export async function discover(
  { issuer }: Pick<OpenIdConnect, "issuer">,
  ask: AskProvider,
  allowPrivateHosts: readonly string[],
): Promise<Metadata> {
  const kept = known.get(issuer);
  if (kept && performance.now() - kept.readAtMs < KNOWN_MS_MAX) return kept.metadata;
  const { status, json } = await ask({
    url: `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`,
  });
  const read = v.safeParse(Metadata, json);
  if (status !== 200 || !read.success) {
    throw new ProviderError(`discovery at ${new URL(issuer).host} answered ${status} and no usable document`);
  }
  const metadata = read.output;
  if (metadata.issuer !== issuer) {
    throw new ProviderError(`discovery at ${issuer} speaks for ${metadata.issuer.slice(0, 200)}`);
  }
  for (const address of [metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri]) {
    checkAddress(address, allowPrivateHosts);
  }
  known.set(issuer, { metadata, readAtMs: performance.now() });
  return metadata;
}

/** Where the browser is sent. */
export const beginOidc = (
  { scopes }: OpenIdConnect,
  { authorization_endpoint }: Metadata,
  client: Client,
  secrets: LoginSecrets,
): string =>
  authorizeAddress(new URL(authorization_endpoint), client, secrets, {
    scope: scopes.join(" "),
    nonce: secrets.nonce,
  });

/** What came back to us. */
export interface Returned {
  readonly code: string;
  /** RFC 9207: who says that it answered; null where it does not say. */
  readonly issuer: string | null;
}

/**
 * Who the user is.
 * @throws AppError `login_refused`; ProviderError
 */
export async function finishOidc(
  backend: OpenIdConnect,
  metadata: Metadata,
  client: Client,
  { verifier, nonce }: Pick<LoginSecrets, "verifier" | "nonce">,
  { code, issuer }: Returned,
  ask: AskProvider,
  allowPrivateHosts: readonly string[],
): Promise<Identity> {
  if (issuer === null ? metadata.authorization_response_iss_parameter_supported : issuer !== backend.issuer) {
    throw new AppError(
      "login_refused",
      "The answer comes from another provider than the one that was asked.",
    );
  }
  const tokens = await askForTokens(ask, metadata.token_endpoint, client, proofOf(metadata), {
    grant_type: "authorization_code",
    code,
    redirect_uri: client.redirectUri,
    code_verifier: verifier,
  });
  if (tokens.idToken === null) throw new ProviderError("the token endpoint gave no ID token");
  const claims = await verifyIdToken(tokens.idToken, backend, keysOf(metadata, allowPrivateHosts), nonce);
  const more = needsMore(backend, claims) ? await askUserInfo(metadata, tokens.accessToken, claims, ask) : {};
  const read = (path: string): unknown => readPath(claims, path) ?? readPath(more, path);
  const identity = toIdentity({
    backend: backend.name,
    subject: claims.sub,
    user: read(backend.userClaim),
    groups: read(backend.groupsClaim),
    roles: read(backend.rolesClaim),
  });
  return { ...identity, groups: groupNamesOf(identity.groups, backend.groupNames) };
}

export const proofOf = ({ token_endpoint_auth_methods_supported: methods }: Metadata): ClientProof =>
  methods.includes("client_secret_basic") || !methods.includes("client_secret_post") ? "basic" : "post";

const keySets = new Map<string, JWTVerifyGetKey>();

/** The provider's keys, kept; an unknown key's name makes them be read again, so that a rotation is noticed at once. */
function keysOf({ jwks_uri }: Metadata, allowPrivateHosts: readonly string[]): JWTVerifyGetKey {
  const kept = keySets.get(jwks_uri);
  if (kept) return kept;
  const keys = createRemoteJWKSet(new URL(jwks_uri), {
    cooldownDuration: 0,
    cacheMaxAge: KNOWN_MS_MAX,
    [customFetch]: async (url) => {
      const { status, json } = await openProvider(allowPrivateHosts)({ url });
      return Response.json(json ?? null, { status });
    },
  });
  keySets.set(jwks_uri, keys);
  return keys;
}

interface Claims extends JWTPayload {
  readonly sub: string;
}

async function verifyIdToken(
  token: string,
  { issuer, clientId }: OpenIdConnect,
  keys: JWTVerifyGetKey,
  nonce: string,
): Promise<Claims> {
  const payload = await jwtVerify(token, keys, {
    issuer,
    audience: clientId,
    algorithms: ALGORITHMS,
    requiredClaims: ["sub", "exp", "iat"],
    clockTolerance: CLOCK_SKEW_SECONDS,
  }).then(
    (verified) => verified.payload,
    (error: unknown) => {
      if (!(error instanceof errors.JOSEError)) throw error;
      throw new ProviderError(`the ID token is not good: ${error.code}`, { cause: error });
    },
  );
  const { aud, azp, sub } = payload;
  if (azp === undefined ? Array.isArray(aud) && aud.length > 1 : azp !== clientId) {
    throw new ProviderError("the ID token was made for another client");
  }
  if (typeof sub !== "string" || sub === "") throw new ProviderError("the ID token names nobody");
  if (payload["nonce"] !== nonce)
    throw new AppError("login_refused", "The login belongs to another try: log in again.");
  return { ...payload, sub };
}

/** Keycloak tells groups and roles in the ID token only if its client is set up so. */
const needsMore = ({ userClaim, groupsClaim, rolesClaim }: OpenIdConnect, claims: Claims): boolean =>
  [userClaim, groupsClaim, rolesClaim].some((path) => readPath(claims, path) === undefined);

async function askUserInfo(
  { userinfo_endpoint }: Metadata,
  accessToken: string,
  { sub }: Claims,
  ask: AskProvider,
): Promise<object> {
  if (userinfo_endpoint === undefined) return {};
  const { json } = await askAsUser(ask, userinfo_endpoint, accessToken);
  if (readPath(json, "sub") !== sub) throw new ProviderError("user information is about somebody else");
  return json;
}

/** Where the browser ends its session at the provider; null where the provider has no such place. */
export function endSessionAddress(
  { end_session_endpoint }: Metadata,
  { clientId }: Pick<Client, "clientId">,
  returnTo: string,
  allowPrivateHosts: readonly string[],
): string | null {
  if (end_session_endpoint === undefined) return null;
  const address = checkAddress(end_session_endpoint, allowPrivateHosts);
  address.searchParams.set("client_id", clientId);
  address.searchParams.set("post_logout_redirect_uri", returnTo);
  return address.href;
}
