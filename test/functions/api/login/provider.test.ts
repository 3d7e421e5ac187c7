/**
 * Providers that lie, and providers that are not well.
 */
import { type JWTPayload, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { type Api, openApi } from "#test/kit/api.ts";
import { CLIENT_SECRET, codeOf, useCompany } from "#test/kit/company-login.ts";
import { begin, comeBack, logIn, loginWith, tokenOf } from "#test/kit/login-journey.ts";

const company = useCompany();
const { provider, somebody } = company;

describe("a provider that cannot be believed", () => {
  const FAILED = [502, "provider_failed"];
  const bent = async (bend: (claims: JWTPayload) => JWTPayload): Promise<[number, string]> => {
    provider.bendClaims = bend;
    return codeOf(await logIn(company.api, provider, somebody()));
  };
  const now = (): number => Math.floor(Date.now() / 1000);

  test.each<[string, (claims: JWTPayload) => JWTPayload]>([
    ["another issuer", (claims) => ({ ...claims, iss: "https://evil.example" })],
    ["an issuer that only begins like it", (claims) => ({ ...claims, iss: `${claims.iss}/` })],
    ["another audience", (claims) => ({ ...claims, aud: "another" })],
    ["several audiences and no authorised party", (claims) => ({ ...claims, aud: ["store", "another"] })],
    ["another authorised party", (claims) => ({ ...claims, azp: "another" })],
    ["a token that has ended", (claims) => ({ ...claims, exp: now() - 120 })],
    ["a token that never ends", ({ exp: _, ...claims }) => claims],
    ["a token not valid yet", (claims) => ({ ...claims, nbf: now() + 300 })],
    ["nobody", ({ sub: _, ...claims }) => claims],
    ["an empty subject", (claims) => ({ ...claims, sub: "" })],
  ])("names %s", async (_, bend) => {
    expect(await bent(bend)).toEqual(FAILED);
  });

  test.each<[string, (claims: JWTPayload) => JWTPayload]>([
    ["another nonce", (claims) => ({ ...claims, nonce: "another" })],
    ["no nonce", ({ nonce: _, ...claims }) => claims],
  ])("gives a token with %s, which is of another login", async (_, bend) => {
    expect(await bent(bend)).toEqual([403, "login_refused"]);
  });

  test.each<[string, (claims: JWTPayload) => Promise<string>]>([
    [
      "nothing",
      async (claims) =>
        `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.`,
    ],
    [
      "the client's own secret",
      (claims) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: "HS256" })
          .sign(new TextEncoder().encode(CLIENT_SECRET.repeat(3))),
    ],
    ["garbage", async () => "a.b.c"],
  ])("signs with %s", async (_, sign) => {
    provider.sign = sign;
    expect(await codeOf(await logIn(company.api, provider, somebody()))).toEqual(FAILED);
  });

  test("answers in another's name, or in nobody's where it always says its own (RFC 9207)", async () => {
    for (const change of [
      (query: URLSearchParams) => query.set("iss", "https://evil.example"),
      (query: URLSearchParams) => query.delete("iss"),
    ]) {
      const { address, cookie } = await begin(company.api);
      const query = new URLSearchParams(provider.letIn(address, somebody()));
      change(query);
      expect(await codeOf(await comeBack(company.api, query.toString(), cookie))).toEqual([
        403,
        "login_refused",
      ]);
    }
  });

  test("exchanges no code that was made for another verifier", async () => {
    const [mine, others] = [await begin(company.api), await begin(company.api)];
    const query = new URLSearchParams(provider.letIn(others.address, somebody()));
    query.set("state", new URL(mine.address).searchParams.get("state") ?? "");
    expect(await codeOf(await comeBack(company.api, query.toString(), mine.cookie))).toEqual([
      403,
      "login_refused",
    ]);
  });

  test("rotates its keys, and is believed with the new ones at once", async () => {
    expect((await logIn(company.api, provider, somebody())).status).toBe(303);
    await provider.rotate();
    expect((await logIn(company.api, provider, somebody())).status).toBe(303);
  });

  test.each<[string, (claims: JWTPayload) => JWTPayload]>([
    ["no user name", ({ preferred_username: _, ...claims }) => claims],
    ["a number", (claims) => ({ ...claims, preferred_username: 5 })],
    ["a slash in it", (claims) => ({ ...claims, preferred_username: "a/b" })],
    ["a wildcard", (claims) => ({ ...claims, preferred_username: "*" })],
    ["a look-alike letter", (claims) => ({ ...claims, preferred_username: "аdmin" })],
    ["a dot directory", (claims) => ({ ...claims, preferred_username: ".." })],
    ["300 letters", (claims) => ({ ...claims, preferred_username: "x".repeat(300) })],
    ["the default namespace", (claims) => ({ ...claims, preferred_username: "default" })],
    ["the filesystem namespace", (claims) => ({ ...claims, preferred_username: "filesystem" })],
  ])("says that the user is called %s", async (_, bend) => {
    const { address, cookie } = await begin(company.api);
    const query = provider.letIn(address, bend(somebody()));
    const response = await comeBack(company.api, query, cookie);
    expect(tokenOf(response)).toBe("");
    expect(await codeOf(response)).toEqual([403, "login_refused"]);
  });
});

describe("a provider that is not well", () => {
  const FAILED = [502, "provider_failed"];
  /** Discovery is kept for a while, so each of these has an issuer of its own. */
  const other = (path: string): Api =>
    company.openWith({ ...company.backend, issuer: `${provider.url}${path}` });
  const CONFIGURATION = "/.well-known/openid-configuration";
  const discovery = (issuer: string, more: object = {}) => ({
    issuer,
    authorization_endpoint: `${provider.url}/authorize`,
    token_endpoint: `${provider.url}/token`,
    jwks_uri: `${provider.url}/keys`,
    ...more,
  });

  test("is down when the login begins", async () => {
    const down = openApi(company.aws, {
      login: loginWith({ ...company.backend, issuer: "http://127.0.0.1:9" }),
      allowPrivateHosts: ["127.0.0.1:9"],
    });
    expect(await codeOf(await down.request("/login/"))).toEqual(FAILED);
  });

  test("speaks for another issuer", async () => {
    provider.bent.set(`/a${CONFIGURATION}`, discovery(provider.url));
    expect(await codeOf(await other("/a").request("/login/"))).toEqual(FAILED);
  });

  test.each([
    ["/b", "the function's own runtime", "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next"],
    ["/c", "the metadata of a machine", "http://169.254.169.254/latest/meta-data/"],
    ["/d", "a name of this machine", "https://localhost/token"],
    ["/e", "an unencrypted place", "http://login.example.org/token"],
    ["/f", "a file", "file:///etc/passwd"],
    ["/g", "credentials", "https://user:password@login.example.org/token"],
  ])("%s leads to %s", async (path, _, token_endpoint) => {
    provider.bent.set(`${path}${CONFIGURATION}`, discovery(`${provider.url}${path}`, { token_endpoint }));
    expect(await codeOf(await other(path).request("/login/"))).toEqual(FAILED);
  });

  test.each<[string, string, unknown]>([
    ["/h", "nonsense", { hello: "world" }],
    ["/i", "a list", []],
    ["/j", "null", null],
  ])("%s answers discovery with %s", async (path, _, answer) => {
    provider.bent.set(`${path}${CONFIGURATION}`, answer);
    expect(await codeOf(await other(path).request("/login/"))).toEqual(FAILED);
  });

  test("redirects discovery, which is not followed", async () => {
    provider.bent.set(`/k${CONFIGURATION}`, (outgoing: import("node:http").ServerResponse) =>
      outgoing.writeHead(302, { location: `${provider.url}${CONFIGURATION}` }).end(),
    );
    expect(await codeOf(await other("/k").request("/login/"))).toEqual(FAILED);
    expect(provider.asked.map(({ path }) => path)).toEqual([`/k${CONFIGURATION}`]);
  });

  test("answers without end, and is left", async () => {
    provider.bent.set(`/l${CONFIGURATION}`, (outgoing: import("node:http").ServerResponse) => {
      const more = (): void => {
        while (!outgoing.destroyed && outgoing.write(" ".repeat(65_536)));
        if (!outgoing.destroyed) outgoing.once("drain", more);
      };
      outgoing.writeHead(200);
      more();
    });
    expect(await codeOf(await other("/l").request("/login/"))).toEqual(FAILED);
  });

  test("is slow, and is not waited for longer than API Gateway waits", { timeout: 60_000 }, async () => {
    provider.bent.set(`/m${CONFIGURATION}`, (outgoing: import("node:http").ServerResponse) => {
      // A byte now and then: the connection is never silent.
      const drip = setInterval(() => outgoing.write(" "), 200);
      outgoing.once("close", () => clearInterval(drip));
    });
    const startedMs = performance.now();
    expect(await codeOf(await other("/m").request("/login/"))).toEqual(FAILED);
    expect(performance.now() - startedMs).toBeLessThan(25_000);
  });

  test.each<[string, string, unknown]>([
    ["the token endpoint gives an error page", "/token", "not json"],
    ["the token endpoint refuses the client", "/token", { error: "invalid_client" }],
    ["there is no ID token", "/token", { access_token: "x" }],
    ["the keys are none", "/keys", { keys: [] }],
    ["user information is none", "/me", "not json"],
  ])("%s", async (_, path, answer) => {
    await provider.rotate();
    provider.bent.set(path, answer);
    expect(await codeOf(await logIn(company.api, provider, { sub: "x" }))).toEqual(FAILED);
    const [line] = company.api.lines.filter(({ level }) => level === "error").slice(-1);
    expect(line).toMatchObject({ message: "request failed" });
  });
});
