/**
 * Logging in at a provider: away, back, and out again. Loaded when somebody does, and not before.
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { beginLogin, takeLogin } from "#adapters/dynamodb/logins.ts";
import { openProvider, ProviderError } from "#adapters/login/ask-provider.ts";
import { type Client, newLoginSecrets } from "#adapters/login/code-flow.ts";
import { beginOAuth2, finishOAuth2 } from "#adapters/login/oauth2.ts";
import { beginOidc, discover, endSessionAddress, finishOidc } from "#adapters/login/oidc.ts";
import { AppError } from "#core/errors.ts";
import { isRedirectBackend, type RedirectBackend } from "#core/login/backends.ts";
import type { Identity } from "#core/login/identity.ts";
import type { ApiContext } from "../context.ts";
import type { Services } from "../services.ts";
import { admit } from "./admit.ts";
import { RETURN_SECONDS, rememberBrowser, setLogin, takeBrowser } from "./cookies.ts";
import { providerFailed, titleOf } from "./provider-failed.ts";

/**
 * Begins a login.
 * @returns the provider's address for the browser
 * @throws AppError `provider_failed`
 */
export async function goToProvider(
  services: Services,
  backend: RedirectBackend,
  next: string | null,
  c: ApiContext,
): Promise<string> {
  const { db, allowPrivateHosts } = services;
  const secrets = newLoginSecrets();
  const client: Client = {
    clientId: backend.clientId,
    secret: null,
    redirectUri: returnAddress(services, c),
  };
  const address = await ofProvider(backend, async () =>
    backend.kind === "oidc"
      ? beginOidc(
          backend,
          await discover(backend, openProvider(allowPrivateHosts), allowPrivateHosts),
          client,
          secrets,
        )
      : beginOAuth2(backend, client, secrets, allowPrivateHosts),
  );
  const browser = randomBytes(32).toString("base64url");
  const { state, nonce, verifier } = secrets;
  await beginLogin(
    db,
    state,
    { backend: backend.name, nonce, verifier, browser: digest(browser).toString("hex"), next },
    new Date(Date.now() + RETURN_SECONDS * 1000),
  );
  rememberBrowser(c, services, state, browser);
  return address;
}

export interface Returned {
  readonly code?: string | undefined;
  readonly state?: string | undefined;
  readonly iss?: string | undefined;
  readonly error?: string | undefined;
}

/**
 * Ends a login: whatever comes of it, it cannot be returned from a second time.
 * @returns where to go
 * @throws AppError `not_authenticated`, `login_refused`, `provider_failed`
 */
export async function returnFromProvider(
  services: Services & { readonly db: AuditedDb },
  { code, state, iss, error }: Returned,
  c: ApiContext,
): Promise<string> {
  const { db, login, prefix } = services;
  const browser = state && takeBrowser(c, services, state);
  const now = new Date();
  const begun = browser ? await takeLogin(db, state, now) : null;
  const backend = login.backends.filter(isRedirectBackend).find(({ name }) => name === begun?.backend);
  if (
    !browser ||
    !begun ||
    !backend ||
    !timingSafeEqual(digest(browser), Buffer.from(begun.browser, "hex"))
  ) {
    // conda-store's own sentence.
    throw new AppError("not_authenticated", "OAuth states do not match. Begin the login again.");
  }
  if (code === undefined || code === "") {
    c.set("fields", { ...c.get("fields"), provider_error: error?.slice(0, 80) });
    throw new AppError("login_refused", `${titleOf(backend)} did not let you in.`);
  }
  const identity = await ofProvider(backend, () =>
    identify(services, backend, { code, iss, nonce: begun.nonce, verifier: begun.verifier }, c),
  );
  setLogin(c, services, await admit(services, backend, identity, now), backend);
  return begun.next ?? `${prefix}/`;
}

interface Answer {
  readonly code: string;
  readonly iss: string | undefined;
  readonly nonce: string;
  readonly verifier: string;
}

async function identify(
  services: Services,
  backend: RedirectBackend,
  { code, iss, nonce, verifier }: Answer,
  c: ApiContext,
): Promise<Identity> {
  const { allowPrivateHosts, clientSecret } = services;
  const ask = openProvider(allowPrivateHosts);
  const { clientId, clientSecretArn } = backend;
  const client: Client = {
    clientId,
    secret: clientSecretArn === undefined ? null : (await clientSecret(clientSecretArn)).trim(),
    redirectUri: returnAddress(services, c),
  };
  if (backend.kind !== "oidc") return await finishOAuth2(backend, client, { verifier }, code, ask);
  const metadata = await discover(backend, ask, allowPrivateHosts);
  const returned = { code, issuer: iss ?? null };
  const identity = await finishOidc(
    backend,
    metadata,
    client,
    { verifier, nonce },
    returned,
    ask,
    allowPrivateHosts,
  );
  return backend.keycloakRoleScopes
    ? await (await import("./role-scopes.ts")).withRoleScopes(services, backend, metadata, client, identity)
    : identity;
}

/** Where the browser ends its session at the provider; null where it cannot, and when the provider does not answer. */
export async function leaveProvider(
  { login, allowPrivateHosts, log, prefix }: Services,
  name: string,
  c: ApiContext,
): Promise<string | null> {
  const backend = login.backends.find((each) => each.name === name);
  if (backend?.kind !== "oidc") return null;
  try {
    const metadata = await discover(backend, openProvider(allowPrivateHosts), allowPrivateHosts);
    return endSessionAddress(metadata, backend, `${siteOf(login.publicUrl, c)}${prefix}/`, allowPrivateHosts);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    log.warn("the session at the provider goes on", { backend: name, error });
    return null;
  }
}

/** Known to the provider beforehand; never from a header, which anybody can send. */
const returnAddress = ({ login, prefix }: Services, c: ApiContext): string =>
  `${siteOf(login.publicUrl, c)}${prefix}/oauth_callback`;

const siteOf = (publicUrl: string | undefined, c: ApiContext): string =>
  publicUrl ?? `https://${new URL(c.req.url).host}`;

async function ofProvider<T>(backend: RedirectBackend, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw providerFailed(backend, error);
  }
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
