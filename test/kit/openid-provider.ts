/**
 * A real OpenID provider, which lets in whoever types a name: https://github.com/panva/node-oidc-provider
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";

export interface OpenIdProvider {
  readonly issuer: string;
  /** `host:port`, for the list of private addresses that are allowed. */
  readonly host: string;
  readonly clientId: string;
  readonly clientSecret: string;
  close(): Promise<void>;
}

export interface OpenIdProviderOptions {
  readonly redirectUri: string;
  readonly loggedOutUri: string;
  /** By user name. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

/** Starts it on a free port of `localhost`, which to a browser is another site than 127.0.0.1. */
export async function startOpenIdProvider(options: OpenIdProviderOptions): Promise<OpenIdProvider> {
  const clientSecret = crypto.randomUUID() + crypto.randomUUID();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const host = `localhost:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const provider = new Provider(`http://${host}`, {
    clients: [
      {
        client_id: "conda-store",
        client_secret: clientSecret,
        id_token_signed_response_alg: "ES256",
        redirect_uris: [options.redirectUri],
        post_logout_redirect_uris: [options.loggedOutUri],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), use: "sig", alg: "ES256", kid: "1" }] },
    ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    cookies: { keys: [crypto.randomUUID()] },
    claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email"] },
    findAccount: (_, accountId) => ({
      accountId,
      claims: () => ({
        sub: accountId,
        preferred_username: accountId,
        groups: [...(options.groups[accountId] ?? [])],
      }),
    }),
  });
  server.on("request", provider.callback());
  return {
    issuer: `http://${host}`,
    host,
    clientId: "conda-store",
    clientSecret,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
