/**
 * A login provider whose every answer a test can bend: real providers do not lie, and none lets itself be told to. What it says
 * unbent is what the standards say; logins at real ones are in the browser's journeys.
 * @module
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll } from "vitest";

interface Key {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** One login at the provider, as the browser's address asked for it. */
interface Grant {
  readonly challenge: string | null;
  readonly redirectUri: string | null;
  readonly nonce: string | null;
  readonly claims: JWTPayload;
}

/** What is asked; its body, if it is a form. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly form: URLSearchParams;
  readonly authorization: string;
}

export interface LoginProvider {
  /** Also the issuer. */
  url: string;
  /** `host:port`, for the list of private addresses that are allowed. */
  host: string;
  /** Every request since the list was emptied. */
  readonly asked: Asked[];
  /** Answers of paths, in place of the provider's own: JSON, or whatever the function does with the response. */
  readonly bent: Map<string, unknown>;
  /** Changes the ID token's claims. */
  bendClaims: (claims: JWTPayload) => JWTPayload;
  /** Signs the ID token in place of the provider's key. */
  sign: ((claims: JWTPayload) => Promise<string>) | null;
  /** What user information says; undefined: the claims. */
  userInfo: object | undefined;
  /** Lets a user in. @returns the query that the browser comes back with */
  letIn(authorizeAddress: string, claims: JWTPayload): string;
  /** New keys from now on; the old ones are forgotten. */
  rotate(): Promise<void>;
  /** Back to the truth. */
  unbend(): void;
}

/** Makes one; it answers after `start`. */
export function newLoginProvider(): LoginProvider & { start(): Promise<void>; close(): Promise<void> } {
  const grants = new Map<string, Grant>();
  /** By access token. */
  const users = new Map<string, JWTPayload>();
  let key: Key;
  let server: Server;
  const newKey = async (): Promise<Key> => ({
    kid: crypto.randomUUID(),
    ...(await generateKeyPair("RS256", { extractable: true })),
  });
  const provider: LoginProvider = {
    url: "",
    host: "",
    asked: [],
    bent: new Map(),
    bendClaims: (claims) => claims,
    sign: null,
    userInfo: undefined,
    letIn: (authorizeAddress, claims) => {
      const asked = new URL(authorizeAddress).searchParams;
      const code = crypto.randomUUID();
      grants.set(code, {
        challenge: asked.get("code_challenge"),
        redirectUri: asked.get("redirect_uri"),
        nonce: asked.get("nonce"),
        claims,
      });
      return new URLSearchParams({ code, state: asked.get("state") ?? "", iss: provider.url }).toString();
    },
    rotate: async () => {
      key = await newKey();
    },
    unbend: () => {
      provider.bent.clear();
      provider.asked.length = 0;
      provider.bendClaims = (claims) => claims;
      provider.sign = null;
      provider.userInfo = undefined;
    },
  };

  const signed = (claims: JWTPayload): Promise<string> =>
    new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: key.kid }).sign(key.privateKey);

  const tokens = async (form: URLSearchParams, client: string): Promise<[number, object]> => {
    if (form.get("grant_type") === "client_credentials") return [200, { access_token: "service" }];
    const code = form.get("code") ?? "";
    const grant = grants.get(code);
    grants.delete(code);
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    if (grant?.challenge !== challenge || grant.redirectUri !== form.get("redirect_uri")) {
      return [400, { error: "invalid_grant" }];
    }
    const now = Math.floor(Date.now() / 1000);
    const claims = provider.bendClaims({
      iss: provider.url,
      aud: client,
      iat: now,
      exp: now + 60,
      ...(grant.nonce === null ? {} : { nonce: grant.nonce }),
      ...grant.claims,
    });
    users.set(code, grant.claims);
    return [
      200,
      { access_token: code, token_type: "Bearer", id_token: await (provider.sign ?? signed)(claims) },
    ];
  };

  const meOf = ({ authorization }: Asked): [number, unknown] => {
    const claims = users.get(authorization.replace(/^Bearer /, ""));
    return claims ? [200, provider.userInfo ?? claims] : [401, { error: "invalid_token" }];
  };

  const answer = async (asked: Asked): Promise<[number, unknown]> => {
    const at = (path: string): string => `${provider.url}${path}`;
    switch (asked.path) {
      case "/.well-known/openid-configuration":
        return [
          200,
          {
            issuer: provider.url,
            authorization_endpoint: at("/authorize"),
            token_endpoint: at("/token"),
            jwks_uri: at("/keys"),
            userinfo_endpoint: at("/me"),
            end_session_endpoint: at("/logout"),
            authorization_response_iss_parameter_supported: true,
          },
        ];
      case "/keys":
        return [
          200,
          { keys: [{ ...(await exportJWK(key.publicKey)), kid: key.kid, alg: "RS256", use: "sig" }] },
        ];
      case "/token":
        return tokens(asked.form, clientOf(asked));
      case "/me":
        return meOf(asked);
      default:
        return [404, { error: "not here" }];
    }
  };

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const asked: Asked = {
      method: incoming.method ?? "",
      path: (incoming.url ?? "").split("?")[0] ?? "",
      form: new URLSearchParams(Buffer.concat(parts).toString()),
      authorization: incoming.headers.authorization ?? "",
    };
    provider.asked.push(asked);
    const bent = provider.bent.get(asked.path) ?? provider.bent.get(incoming.url ?? "");
    if (typeof bent === "function") {
      bent(outgoing, incoming);
      return;
    }
    const [status, json] = bent === undefined ? await answer(asked) : [200, bent];
    outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
  };

  const start = async (): Promise<void> => {
    key = await newKey();
    server = createServer((incoming, outgoing) => void serve(incoming, outgoing));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    provider.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    provider.url = `http://${provider.host}`;
  };
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return Object.assign(provider, { start, close });
}

/** Call at the top of a test file; the returned object is filled before the first test runs. */
export function useLoginProvider(): LoginProvider {
  const provider = newLoginProvider();
  beforeAll(() => provider.start());
  afterAll(() => provider.close());
  return provider;
}

function clientOf({ form, authorization }: Asked): string {
  const basic = Buffer.from(authorization.replace(/^Basic /, ""), "base64").toString();
  return form.get("client_id") ?? basic.split(":")[0] ?? "";
}
