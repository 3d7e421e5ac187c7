import { beforeAll, describe, expect, test } from "vitest";
import { mintToken } from "#adapters/secrets/tokens.ts";
import { type Api, bearer, DUMMY_PASSWORD, openApi, post } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
let api: Api;
beforeAll(() => {
  api = openApi(aws);
});

const CREDENTIALS = { username: "alice", password: DUMMY_PASSWORD };
const login = (init: RequestInit = post(CREDENTIALS), path = "/login/", on = api) => on.request(path, init);
const loginAt = (path: string, on: Api) => login(undefined, path, on);
const cookieOf = (response: Response): string => response.headers.getSetCookie()[0] ?? "";
const tokenOf = (response: Response): string =>
  /^conda-store-auth=([^;]+)/.exec(cookieOf(response))?.[1] ?? "";
const whoAmI = async (headers: Record<string, string>, on = api) =>
  ((await (await on.request("/api/v1/permission/", { headers })).json()) as { data: Record<string, unknown> })
    .data;

describe("logging in with the deployment's password", () => {
  test("gives a cookie whose value is a token good for a day, as cookie, Bearer and Basic", async () => {
    const token = tokenOf(await login());
    const basic = `Basic ${Buffer.from(`anybody:${token}`).toString("base64")}`;
    for (const headers of [
      bearer(token),
      { cookie: `conda-store-auth=${token}` },
      { authorization: basic },
    ]) {
      const me = await whoAmI(headers);
      expect(me).toMatchObject({ authenticated: true, primary_namespace: "alice" });
      const days = (Date.parse(String(me["expiration"])) - Date.now()) / 86_400_000;
      expect(days).toBeGreaterThan(0.99);
      expect(days).toBeLessThanOrEqual(1);
    }
  });

  test("makes an admin of everything, in conda-store's own words", async () => {
    const me = await whoAmI(bearer(tokenOf(await login())));
    expect(me["entity_roles"]).toEqual({
      "*/*": ["admin"],
      "default/*": ["viewer"],
      "filesystem/*": ["viewer"],
    });
    const permissions = me["entity_permissions"] as Record<string, string[]>;
    expect(permissions["*/*"]).toHaveLength(17);
    expect(permissions["default/*"]).toEqual([
      "environment::read",
      "namespace-role-mapping::read",
      "namespace::read",
    ]);
    expect(me["expiration"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  test("works with a form too, and answers without a message", async () => {
    const response = await login({ method: "POST", body: new URLSearchParams(CREDENTIALS) });
    expect(await response.json()).toEqual({ status: "ok", data: { redirect_url: "/" } });
    expect(tokenOf(response)).not.toBe("");
  });

  test("the cookie is out of a script's and of another path's reach, and encrypted but on one's own machine", async () => {
    const prefixed = openApi(aws, { prefix: "/conda-store" });
    const secure = cookieOf(await login(undefined, "https://store.example/conda-store/login", prefixed));
    expect(secure.split("; ").slice(1).sort()).toEqual(
      ["HttpOnly", "Max-Age=86399", "Path=/conda-store", "SameSite=Lax", "Secure"].sort(),
    );
    expect(cookieOf(await login(undefined, "http://localhost:8080/login/"))).not.toContain("Secure");
    const proxied = post(CREDENTIALS, { "x-forwarded-proto": "https" });
    expect(cookieOf(await login(proxied, "http://inside/login/"))).toContain("Secure");
  });
});

describe("a login that fails", () => {
  test.each<[string, RequestInit, number]>([
    ["a wrong password", post({ username: "alice", password: "wrong" }), 403],
    ["an empty password", post({ username: "alice", password: "" }), 403],
    ["a password that is a number", post({ username: "alice", password: 5 }), 422],
    ["no password", post({ username: "alice" }), 422],
    ["a user name that cannot be a namespace", post({ username: "a/b", password: DUMMY_PASSWORD }), 422],
    ["an empty user name", post({ username: "", password: DUMMY_PASSWORD }), 422],
    ["wrong JSON", post("{"), 400],
    ["no body", { method: "POST" }, 422],
  ])("%s sets no cookie", async (_, init, status) => {
    const response = await login(init);
    expect(response.status).toBe(status);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  test("neither the reply nor the log repeats a password", async () => {
    const secret = "hunter2-but-longer";
    for (const body of [
      post({ username: "a", password: secret }),
      post({ username: "a/b", password: secret }),
      post({ password: [secret] }),
      post(`{"password":"${secret}"`),
    ]) {
      expect(await (await login(body)).text()).not.toContain(secret);
    }
    expect(JSON.stringify(api.lines)).not.toContain(secret);
  });

  test("a deployment without password login has no such door", async () => {
    const none = openApi(aws, { login: { backends: [], sameSite: "lax" } });
    expect((await login(undefined, "/login/", none)).status).toBe(404);
  });
});

describe("credentials that are not good make nobody of the caller, never an error", () => {
  test.each<[string, Record<string, string>]>([
    ["Bearer without a token", { authorization: "Bearer" }],
    ["Bearer with a blank", { authorization: "Bearer  " }],
    ["Bearer nonsense", { authorization: "Bearer nonsense" }],
    ["Basic that is not base64", { authorization: "Basic %%%" }],
    ["Basic without a colon", { authorization: `Basic ${Buffer.from("abc").toString("base64")}` }],
    ["another scheme", { authorization: "Digest abc" }],
    ["an empty cookie", { cookie: "conda-store-auth=" }],
    ["a cookie that is no token", { cookie: "conda-store-auth=%E0%A4%A" }],
  ])("%s", async (_, headers) => {
    expect(await whoAmI(headers)).toMatchObject({
      authenticated: false,
      primary_namespace: "default",
      expiration: null,
    });
  });

  test("a token that has ended", async () => {
    const ended = await mintToken(api.services.secret, {
      primaryNamespace: "alice",
      roleBindings: {},
      expiresAt: new Date(Date.now() - 1000),
    });
    expect(await whoAmI(bearer(ended))).toMatchObject({ authenticated: false });
  });

  test("a stale cookie does not hide a good header, nor a foreign header a good cookie", async () => {
    const token = await api.token({});
    expect(await whoAmI({ ...bearer(token), cookie: "conda-store-auth=stale" })).toMatchObject({
      authenticated: true,
    });
    const proxy = `Basic ${Buffer.from("proxy:password").toString("base64")}`;
    expect(await whoAmI({ authorization: proxy, cookie: `conda-store-auth=${token}` })).toMatchObject({
      authenticated: true,
    });
  });

  test("anonymous callers have exactly conda-store's default", async () => {
    expect(await whoAmI({})).toEqual({
      authenticated: false,
      primary_namespace: "default",
      entity_permissions: {
        "default/*": ["environment::read", "namespace-role-mapping::read", "namespace::read"],
      },
      entity_roles: { "default/*": ["viewer"] },
      expiration: null,
    });
  });

  test("who sends no token costs no read of the secret", async () => {
    let reads = 0;
    const counted = openApi(aws, {
      secret: {
        get: async () => {
          reads++;
          return api.services.secret.get();
        },
        refresh: () => api.services.secret.get(),
      },
    });
    await counted.request("/api/v1/permission/");
    await counted.request("/api/v1/permission/", { headers: bearer("nonsense") });
    expect(reads).toBe(0);
  });
});

describe("a change of state that another site's page wants is refused", () => {
  const make = async (headers: Record<string, string>, base = "http://localhost:8080") => {
    const cookie = `conda-store-auth=${await api.token({ "*/*": ["admin"] })}`;
    const path = `${base}/api/v1/namespace/${crypto.randomUUID()}/`;
    return (
      await api.request(path, { method: "POST", headers: { cookie, host: "localhost:8080", ...headers } })
    ).status;
  };
  test.each<[string, Record<string, string>, number]>([
    ["our own page", { origin: "http://localhost:8080" }, 200],
    [
      "our own page behind a front door",
      { origin: "http://shown.example", "x-forwarded-host": "shown.example" },
      200,
    ],
    ["a program, which names no origin", {}, 200],
    ["our own page by an old browser", { "sec-fetch-site": "same-origin" }, 200],
    ["another site", { origin: "https://evil.example" }, 403],
    ["another port", { origin: "http://localhost:9999" }, 403],
    ["a sandboxed frame", { origin: "null" }, 403],
    ["a form of another site without origin", { "sec-fetch-site": "cross-site" }, 403],
    ["a sister site", { "sec-fetch-site": "same-site" }, 403],
    ["a name that only begins like ours", { origin: "http://localhost:8080.evil.example" }, 403],
  ])("%s: %s", async (_, headers, status) => {
    expect(await make(headers)).toBe(status);
  });

  test("the deployment's own name counts where the proxy in front does not tell it, exactly", async () => {
    const login = { ...api.services.login, publicUrl: "https://store.example" };
    const proxied = openApi(aws, { ...api.services, login });
    const cookie = `conda-store-auth=${await api.token({ "*/*": ["admin"] })}`;
    const statusFrom = async (origin: string) =>
      (
        await proxied.request(`/api/v1/namespace/${crypto.randomUUID()}/`, {
          method: "POST",
          headers: { cookie, host: "a.execute-api.us-east-1.amazonaws.com", origin },
        })
      ).status;
    expect(await statusFrom("https://store.example")).toBe(200);
    for (const other of ["http://store.example", "https://store.example:444", "https://evil.store.example"])
      expect(await statusFrom(other)).toBe(403);
  });

  test("a cookie for pages of other sites is given by property only, over https only, and guarded the same", async () => {
    const login = { ...api.services.login, sameSite: "none" } as const;
    const shared = openApi(aws, { ...api.services, login });
    const secure = cookieOf(await loginAt("https://store.example/login/", shared));
    expect(secure).toMatch(/; Secure.*; SameSite=None/);
    expect(cookieOf(await loginAt("http://localhost:8080/login/", shared))).toContain("SameSite=Lax");
    const response = await shared.request("https://store.example/api/v1/namespace/stolen/", {
      method: "POST",
      headers: { cookie: secure.split(";")[0] ?? "", host: "store.example", origin: "https://evil.example" },
    });
    expect(await response.json()).toMatchObject({ code: "origin_refused" });
  });

  test("logging in on behalf of another site too", async () => {
    const form = {
      method: "POST",
      body: new URLSearchParams(CREDENTIALS),
      headers: { origin: "https://evil.example" },
    };
    const response = await login(form);
    expect(await response.json()).toMatchObject({ code: "origin_refused" });
    expect(response.headers.getSetCookie()).toEqual([]);
  });
});

describe("after a login or logout nobody is sent to another site", () => {
  const NEXTS: [string, string | undefined][] = [
    ["/ui/team/demo?x=1#y", "/ui/team/demo?x=1#y"],
    ["http://localhost:8080/ui/", "/ui/"],
    ["http://localhost:8080//evil.example/", undefined],
    ["ui/", "/ui/"],
    ["", undefined],
    ["https://evil.example/", undefined],
    ["//evil.example/", undefined],
    ["/\\evil.example/", undefined],
    ["\\\\evil.example", undefined],
    ["/\t/evil.example", undefined],
    ["http://localhost:8080@evil.example/", undefined],
    ["javascript:alert(1)", undefined],
    ["data:text/html,x", undefined],
    ["http://[", undefined],
  ];
  test.each(NEXTS)("next=%j leads to %j", async (next, expected) => {
    const headers = { host: "localhost:8080" };
    const query = `?next=${encodeURIComponent(next)}`;
    const base = "http://localhost:8080";
    const loggedIn = await login(post(CREDENTIALS, headers), `${base}/login/${query}`);
    expect(await loggedIn.json()).toMatchObject({ data: { redirect_url: expected ?? "/" } });
    const loggedOut = await api.request(`${base}/logout/${query}`, { method: "POST", headers });
    expect(loggedOut.status).toBe(303);
    expect(loggedOut.headers.get("location")).toBe(expected ?? "/");
    const shown = await api.request(`${base}/login/${query}`, { headers });
    expect(shown.headers.get("location")).toBe(
      expected ? `/ui/login?next=${encodeURIComponent(expected)}` : "/ui/login",
    );
  });

  test("without next it is the root below the prefix, with one slash", async () => {
    const prefixed = openApi(aws, { prefix: "/conda-store" });
    const response = await prefixed.request("/conda-store/logout", { method: "POST" });
    expect(response.headers.get("location")).toBe("/conda-store/");
    expect(cookieOf(response)).toMatch(/^conda-store-auth=; Max-Age=0; Path=\/conda-store/);
  });
});
