/**
 * OAuth 2's authorization code flow with PKCE: sending the browser away, and exchanging the code that it comes back with.
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { AppError } from "#core/errors.ts";
import { type AskProvider, ProviderError } from "./ask-provider.ts";

/** What only we know of a login that has begun. */
export interface LoginSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

const random = (): string => randomBytes(32).toString("base64url");
export const newLoginSecrets = (): LoginSecrets => ({ state: random(), nonce: random(), verifier: random() });

export interface Client {
  readonly clientId: string;
  /** null for a public client. */
  readonly secret: string | null;
  readonly redirectUri: string;
}

/** Where the browser is sent; what the address has already stays. */
export function authorizeAddress(
  endpoint: URL,
  { clientId, redirectUri }: Client,
  { state, verifier }: LoginSecrets,
  more: Readonly<Record<string, string>>,
): string {
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const parameters = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    state,
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...more,
  };
  const address = new URL(endpoint);
  for (const [name, value] of Object.entries(parameters))
    if (value !== "") address.searchParams.set(name, value);
  return address.href;
}

export interface Tokens {
  readonly accessToken: string;
  readonly idToken: string | null;
}

/** How a client proves itself to the token endpoint. */
export type ClientProof = "basic" | "post";

/**
 * Asks the token endpoint.
 * @throws AppError `login_refused` for a code that is not good (any more); ProviderError for anything else but tokens
 */
export async function askForTokens(
  ask: AskProvider,
  endpoint: string,
  client: Pick<Client, "clientId" | "secret">,
  proof: ClientProof,
  grant: Readonly<Record<string, string>>,
): Promise<Tokens> {
  const { clientId, secret } = client;
  const inHeader = secret !== null && proof === "basic";
  const { status, json } = await ask({
    url: endpoint,
    headers: inHeader ? { authorization: basic(clientId, secret) } : {},
    form: {
      ...grant,
      ...(inHeader ? {} : { client_id: clientId }),
      ...(secret !== null && !inHeader ? { client_secret: secret } : {}),
    },
  });
  const reply = (typeof json === "object" && json !== null ? json : {}) as Record<string, unknown>;
  if (typeof reply["access_token"] === "string") {
    const { access_token: accessToken, id_token: idToken } = reply;
    return { accessToken, idToken: typeof idToken === "string" ? idToken : null };
  }
  // GitHub's way of saying it is not the standard's.
  if (reply["error"] === "invalid_grant" || reply["error"] === "bad_verification_code") {
    throw new AppError("login_refused", "The login took too long, or was used already: log in again.");
  }
  const error = typeof reply["error"] === "string" ? reply["error"].slice(0, 80) : "no token";
  throw new ProviderError(`the token endpoint answered ${status}: ${error}`);
}

/** Each half is form-encoded first, as RFC 6749 has it. */
function basic(id: string, secret: string): string {
  const encoded = (text: string): string => new URLSearchParams({ x: text }).toString().slice(2);
  return `Basic ${Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString("base64")}`;
}

/** Asks for something in the user's name. @throws ProviderError for anything but JSON with status 200 */
export async function askAsUser(ask: AskProvider, url: string, accessToken: string) {
  const { status, json, headers } = await ask({ url, headers: { authorization: `Bearer ${accessToken}` } });
  if (status !== 200 || typeof json !== "object" || json === null) {
    throw new ProviderError(`${new URL(url).host} answered ${status} when asked who the user is`);
  }
  return { json, headers };
}
