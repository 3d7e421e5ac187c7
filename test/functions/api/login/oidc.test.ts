/**
 * Logging in at an OpenID provider, and what happens when provider or browser are not what they should be.
 */
import { createHash } from "node:crypto";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { type JWTPayload, SignJWT } from "jose";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { getNamespace } from "#adapters/dynamodb/namespaces.ts";
import type { BackendInput } from "#core/login/backends.ts";
import { type Api, openApi } from "#test/kit/api.ts";
import { begin, comeBack, jar, logIn, loginWith, tokenOf, whoAmI } from "#test/kit/login-journey.ts";
import { useLoginProvider } from "#test/kit/login-provider.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
const provider = useLoginProvider();
const CLIENT_SECRET = "a/secret:of this+test";
let backend: BackendInput & { kind: "oidc" };
let api: Api;

beforeAll(async () => {
  const { ARN = "" } = await new SecretsManagerClient().send(
    new CreateSecretCommand({ Name: "client", SecretString: CLIENT_SECRET }),
  );
  backend = { kind: "oidc", name: "company", issuer: provider.url, clientId: "store", clientSecretArn: ARN };
  api = openWith(backend);
});
afterEach(() => provider.unbend());

const openWith = (...backends: BackendInput[]): Api =>
  openApi(aws, { login: loginWith(...backends), allowPrivateHosts: [provider.host] });
let count = 0;
/** A user that nobody was before. */
const somebody = (claims: JWTPayload = {}): JWTPayload & { sub: string; preferred_username: string } => {
  count += 1;
  return { sub: `subject-${count}`, preferred_username: `user-${count}`, ...claims };
};
const codeOf = async (response: Response): Promise<[number, string]> => [
  response.status,
  ((await response.json()) as { code: string }).code,
];

describe("a login at a provider", () => {
  test("asks by code with PKCE, state and nonce, and comes back as oneself", async () => {
    const { address } = await begin(api);
    const { origin, pathname, searchParams } = new URL(address);
    expect(`${origin}${pathname}`).toBe(`${provider.url}/authorize`);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      response_type: "code",
      client_id: "store",
      redirect_uri: "https://store.example/oauth_callback",
      scope: "openid profile email",
      code_challenge_method: "S256",
    });
    for (const name of ["state", "nonce", "code_challenge"])
      expect(searchParams.get(name)).toMatch(/^[\w-]{43}$/);

    const alice = somebody();
    const response = await logIn(api, provider, alice, "?next=/ui/team/demo");
    expect([response.status, response.headers.get("location")]).toEqual([303, "/ui/team/demo"]);
    const me = await whoAmI(api, tokenOf(response));
    expect(me).toMatchObject({ authenticated: true, primary_namespace: alice.preferred_username });
    const asked = provider.asked.find(({ path }) => path === "/token");
    expect(asked?.authorization).toBe(
      `Basic ${Buffer.from("store:a%2Fsecret%3Aof+this%2Btest").toString("base64")}`,
    );
    expect(asked?.form.has("client_secret")).toBe(false);
  });

  test("makes nobody an admin, and the user's own namespace at the first time", async () => {
    const bob = somebody({ groups: ["admin", "*"], roles: ["admin"] });
    const name = bob.preferred_username;
    for (const _ of [1, 2]) {
      const me = await whoAmI(api, tokenOf(await logIn(api, provider, bob)));
      expect(me.entity_roles).toEqual({
        [`${name}/*`]: ["developer"],
        "default/*": ["viewer"],
        "filesystem/*": ["viewer"],
      });
    }
    expect(await getNamespace(api.services.db, name)).toMatchObject({ name });
    const own = await api.request("/api/v1/audit/", {
      headers: { authorization: `Bearer ${tokenOf(await logIn(api, provider, bob))}` },
    });
    const { data } = (await own.json()) as { data: { action: string; namespace: string | null }[] };
    expect(data.map(({ action, namespace }) => `${action} ${namespace}`).sort()).toEqual([
      "login null",
      "login null",
      "login null",
      `namespace.create ${name}`,
    ]);
  });

  test("reads what the ID token does not say from user information, about the same person only", async () => {
    const { sub, preferred_username } = somebody();
    provider.userInfo = { sub, preferred_username };
    const response = await logIn(api, provider, { sub });
    expect((await whoAmI(api, tokenOf(response))).primary_namespace).toBe(preferred_username);
    provider.userInfo = { sub: "another", preferred_username };
    expect(await codeOf(await logIn(api, provider, { sub }))).toEqual([502, "provider_failed"]);
  });

  test("without a place to go to leads to the root, and the cookie is for this site alone", async () => {
    const response = await logIn(api, provider, somebody());
    expect(response.headers.get("location")).toBe("/");
    const cookie = response.headers.getSetCookie().find((each) => each.startsWith("conda-store-auth="));
    expect(cookie?.split("; ").slice(1).sort()).toEqual(
      ["HttpOnly", "Max-Age=86399", "Path=/", "SameSite=Lax", "Secure"].sort(),
    );
  });

  test("neither secret, code, state nor token stand in the log", async () => {
    const { address, cookie } = await begin(api);
    const query = provider.letIn(address, somebody());
    const response = await comeBack(api, query, cookie);
    const text = JSON.stringify(api.lines);
    const { code, state } = Object.fromEntries(new URLSearchParams(query));
    for (const secret of [CLIENT_SECRET, code, state, tokenOf(response)]) expect(text).not.toContain(secret);
  });
});

describe("a browser that is not the one that began", () => {
  const MISMATCH = [401, "not_authenticated"];

  test("is refused without the cookie, with another's, and with one of another try", async () => {
    const [mine, others] = [await begin(api), await begin(api)];
    for (const cookie of ["", others.cookie, mine.cookie.replace(/=.*/, "=guessed")]) {
      const query = provider.letIn(mine.address, somebody());
      const response = await comeBack(api, query, cookie);
      expect(response.headers.getSetCookie().join()).not.toContain("conda-store-auth=ey");
      expect(await codeOf(response)).toEqual(MISMATCH);
    }
  });

  test("cannot be made to log in as somebody else: the attacker's return needs the attacker's browser", async () => {
    const attacker = await begin(api);
    const victim = await begin(api);
    const query = provider.letIn(attacker.address, somebody());
    expect(await codeOf(await comeBack(api, query, victim.cookie))).toEqual(MISMATCH);
  });

  test("does not use up the login of who did begin when it guesses without his cookie", async () => {
    const { address, cookie } = await begin(api);
    const query = provider.letIn(address, somebody());
    expect((await comeBack(api, query, "")).status).toBe(401);
    expect((await comeBack(api, query, cookie)).status).toBe(303);
  });

  test("returns once: the same return again is refused, also two at the same time", async () => {
    const { address, cookie } = await begin(api);
    const query = provider.letIn(address, somebody());
    const statuses = await Promise.all([1, 2].map(async () => (await comeBack(api, query, cookie)).status));
    expect(statuses.sort()).toEqual([303, 401]);
    expect(await codeOf(await comeBack(api, query, cookie))).toEqual(MISMATCH);
  });

  test.each([
    "",
    "state=",
    "code=x",
    "code=x&state=",
    "code=x&state=%00",
    `code=x&state=${"s".repeat(4000)}`,
  ])("returns with %j and is refused", async (query) => {
    expect(await codeOf(await comeBack(api, query, ""))).toEqual(MISMATCH);
  });

  test("may begin in two windows, and come back in both", async () => {
    const [first, second] = [await begin(api), await begin(api)];
    const both = `${first.cookie}; ${second.cookie}`;
    for (const { address } of [first, second])
      expect((await comeBack(api, provider.letIn(address, somebody()), both)).status).toBe(303);
  });

  test("gets a cookie of its own whatever cookie somebody had planted before", async () => {
    const planted = await api.token({ "planted/*": ["viewer"] }, "mallory");
    const { address, cookie } = await begin(api);
    const carol = somebody();
    const query = provider.letIn(address, carol);
    const response = await comeBack(api, query, `conda-store-auth=${planted}; ${cookie}`);
    expect(tokenOf(response)).not.toBe(planted);
    expect((await whoAmI(api, tokenOf(response))).primary_namespace).toBe(carol.preferred_username);
  });

  test("is told when the provider says no", async () => {
    const { address, cookie } = await begin(api);
    const state = new URL(address).searchParams.get("state") ?? "";
    const response = await comeBack(
      api,
      `error=access_denied&state=${state}&error_description=<script>`,
      cookie,
    );
    expect(await response.clone().text()).not.toContain("script");
    expect(await codeOf(response)).toEqual([403, "login_refused"]);
  });

  test("who takes too long has to begin again", async () => {
    const { address, cookie } = await begin(api);
    const state = new URL(address).searchParams.get("state") ?? "";
    const { UpdateCommand } = await import("@aws-sdk/lib-dynamodb");
    await api.services.db.client.send(
      new UpdateCommand({
        TableName: aws.table,
        Key: { pk: `LOGIN#${createHash("sha256").update(state).digest("hex")}`, sk: "LOGIN" },
        UpdateExpression: "SET expiresAt = :then",
        ExpressionAttributeValues: { ":then": Math.floor(Date.now() / 1000) - 1 },
      }),
    );
    const query = provider.letIn(address, somebody());
    expect(await codeOf(await comeBack(api, query, cookie))).toEqual(MISMATCH);
  });
});

describe("after a login nobody is sent to another site", () => {
  test.each([
    ["https://evil.example/", "/"],
    ["//evil.example/", "/"],
    ["/\\evil.example", "/"],
    ["%2F%2Fevil.example", "/%2F%2Fevil.example"],
    ["/%09/evil.example", "/%09/evil.example"],
    ["/\t/evil.example", "/"],
    ["\u0000//evil.example", "/"],
    ["javascript:alert(1)", "/"],
    ["https://store.example@evil.example/", "/"],
    ["https://store.example.evil.example/", "/"],
    ["https://store.example/ui/x", "/ui/x"],
    ["/ui/a?b=c#d", "/ui/a?b=c#d"],
  ])("next=%j leads to %j", async (next, expected) => {
    const response = await logIn(api, provider, somebody(), `?next=${encodeURIComponent(next)}`);
    expect(response.headers.get("location")).toBe(expected);
  });

  test.each([
    { host: "evil.example" },
    { "x-forwarded-host": "evil.example" },
    { forwarded: "host=evil.example;proto=http" },
    { "x-forwarded-proto": "http", "x-forwarded-port": "1", "x-original-host": "evil.example" },
  ])("nor does the provider learn another way back from %j", async (headers) => {
    const { publicUrl: _, ...login } = api.services.login;
    for (const opened of [api, openApi(aws, { ...api.services, login })]) {
      const response = await opened.request("https://store.example/login/", { headers });
      const address = new URL(response.headers.get("location") ?? "");
      expect(address.searchParams.get("redirect_uri")).toBe("https://store.example/oauth_callback");
    }
  });
});

describe("a provider that cannot be believed", () => {
  const FAILED = [502, "provider_failed"];
  const bent = async (bend: (claims: JWTPayload) => JWTPayload): Promise<[number, string]> => {
    provider.bendClaims = bend;
    return codeOf(await logIn(api, provider, somebody()));
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
    expect(await codeOf(await logIn(api, provider, somebody()))).toEqual(FAILED);
  });

  test("answers in another's name, or in nobody's where it always says its own (RFC 9207)", async () => {
    for (const change of [
      (query: URLSearchParams) => query.set("iss", "https://evil.example"),
      (query: URLSearchParams) => query.delete("iss"),
    ]) {
      const { address, cookie } = await begin(api);
      const query = new URLSearchParams(provider.letIn(address, somebody()));
      change(query);
      expect(await codeOf(await comeBack(api, query.toString(), cookie))).toEqual([403, "login_refused"]);
    }
  });

  test("exchanges no code that was made for another verifier", async () => {
    const [mine, others] = [await begin(api), await begin(api)];
    const query = new URLSearchParams(provider.letIn(others.address, somebody()));
    query.set("state", new URL(mine.address).searchParams.get("state") ?? "");
    expect(await codeOf(await comeBack(api, query.toString(), mine.cookie))).toEqual([403, "login_refused"]);
  });

  test("rotates its keys, and is believed with the new ones at once", async () => {
    expect((await logIn(api, provider, somebody())).status).toBe(303);
    await provider.rotate();
    expect((await logIn(api, provider, somebody())).status).toBe(303);
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
    const { address, cookie } = await begin(api);
    const query = provider.letIn(address, bend(somebody()));
    const response = await comeBack(api, query, cookie);
    expect(tokenOf(response)).toBe("");
    expect(await codeOf(response)).toEqual([403, "login_refused"]);
  });
});

describe("a provider that is not well", () => {
  const FAILED = [502, "provider_failed"];
  /** Discovery is kept for a while, so each of these has an issuer of its own. */
  const other = (path: string): Api => openWith({ ...backend, issuer: `${provider.url}${path}` });
  const CONFIGURATION = "/.well-known/openid-configuration";
  const discovery = (issuer: string, more: object = {}) => ({
    issuer,
    authorization_endpoint: `${provider.url}/authorize`,
    token_endpoint: `${provider.url}/token`,
    jwks_uri: `${provider.url}/keys`,
    ...more,
  });

  test("is down when the login begins", async () => {
    const down = openApi(aws, {
      login: loginWith({ ...backend, issuer: "http://127.0.0.1:9" }),
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
    expect(await codeOf(await logIn(api, provider, { sub: "x" }))).toEqual(FAILED);
    const [line] = api.lines.filter(({ level }) => level === "error").slice(-1);
    expect(line).toMatchObject({ message: "request failed" });
  });
});

describe("who owns a user name", () => {
  test("it stays with whom it was first: another subject of that name is refused", async () => {
    const dave = somebody();
    expect((await logIn(api, provider, dave)).status).toBe(303);
    const impostor = { ...somebody(), preferred_username: dave.preferred_username };
    expect(await codeOf(await logIn(api, provider, impostor))).toEqual([403, "login_refused"]);
    expect((await logIn(api, provider, dave)).status).toBe(303);
  });

  test("nor does another provider's user of that name get it", async () => {
    const erin = somebody();
    await logIn(api, provider, erin);
    const elsewhere = openWith({ ...backend, name: "elsewhere" });
    expect(await codeOf(await logIn(elsewhere, provider, erin))).toEqual([403, "login_refused"]);
  });

  test("a namespace that others made is not given to a user of its name, unless the backend adopts", async () => {
    const frank = somebody();
    const path = `/api/v1/namespace/${frank.preferred_username}/`;
    const headers = { authorization: `Bearer ${await api.token({ "*/*": ["admin"] })}` };
    expect((await api.request(path, { method: "POST", headers })).status).toBe(200);
    expect(await codeOf(await logIn(api, provider, frank))).toEqual([403, "login_refused"]);
    const adopting = openWith({ ...backend, adoptsNamespaces: true });
    expect((await logIn(adopting, provider, frank)).status).toBe(303);
    expect((await logIn(api, provider, frank)).status).toBe(303);
  });

  test("of several first logins under one name at the same moment one wins", async () => {
    const { preferred_username } = somebody();
    const people = Array.from({ length: 4 }, () => ({ ...somebody(), preferred_username }));
    const statuses = await Promise.all(people.map(async (one) => (await logIn(api, provider, one)).status));
    expect(statuses.sort()).toEqual([303, 403, 403, 403]);
  });
});

describe("logging out", () => {
  test("forgets the cookie, and goes on to the provider's logout", async () => {
    const cookie = jar(await logIn(api, provider, somebody()));
    const response = await api.request("/logout/?next=/ui/", { method: "POST", headers: { cookie } });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    const text = await response.text();
    const address = new URL(/url=([^"]+)"/.exec(text)?.[1]?.replaceAll("&amp;", "&") ?? "");
    expect(`${address.origin}${address.pathname}`).toBe(`${provider.url}/logout`);
    expect(address.searchParams.get("post_logout_redirect_uri")).toBe("https://store.example/");
    expect(response.headers.getSetCookie().join()).toMatch(/conda-store-auth=; Max-Age=0/);
  });

  test("works while the provider does not", async () => {
    const alone = openWith({ ...backend, issuer: `${provider.url}/gone` });
    const response = await alone.request("/logout/?next=/ui", {
      method: "POST",
      headers: { cookie: "conda-store-login=company" },
    });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/ui"]);
  });
});

describe("several backends", () => {
  test("the page is told of each, and each is gone to by its name", async () => {
    const two = openWith({ ...backend, title: "Company account" }, { ...backend, name: "second" });
    const list = await (await two.request("/api/v1/login/")).json();
    expect(list).toMatchObject({
      data: [
        { name: "company", title: "Company account", kind: "redirect" },
        { name: "second", title: "second", kind: "redirect" },
      ],
    });
    expect((await two.request("/login/?next=/x")).headers.get("location")).toBe("/ui/login?next=%2Fx");
    expect((await begin(two, "?provider=second")).address).toContain("/authorize?");
    expect(await codeOf(await two.request("/login/?provider=third"))).toEqual([404, "not_found"]);
  });

  test("logins that begin are bounded for one address", async () => {
    const few = openApi(aws, { ...api.services, rates: { submissionsPerMinute: 1, loginsPerMinute: 1 } });
    const statuses: number[] = [];
    for (let i = 0; i < 25; i += 1) statuses.push((await few.request("/login/")).status);
    expect(statuses).toContain(429);
  });
});
