/**
 * Logging in and out at an OpenID provider.
 */
import { describe, expect, test } from "vitest";
import { getNamespace } from "#adapters/dynamodb/namespaces.ts";
import { openApi } from "#test/kit/api.ts";
import { CLIENT_SECRET, codeOf, useCompany } from "#test/kit/company-login.ts";
import { begin, comeBack, jar, logIn, tokenOf, whoAmI } from "#test/kit/login-journey.ts";

const company = useCompany();
const { provider, somebody } = company;

describe("a login at a provider", () => {
  test("asks by code with PKCE, state and nonce, and comes back as oneself", async () => {
    const { address } = await begin(company.api);
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
    const response = await logIn(company.api, provider, alice, "?next=/ui/team/demo");
    expect([response.status, response.headers.get("location")]).toEqual([303, "/ui/team/demo"]);
    const me = await whoAmI(company.api, tokenOf(response));
    expect(me).toMatchObject({ authenticated: true, primary_namespace: alice.preferred_username });
    const asked = provider.asked.find(({ path }) => path === "/token");
    expect(asked?.authorization).toBe(
      `Basic ${Buffer.from("store:a%2Fsecret%3Aof+this%2Btest").toString("base64")}`,
    );
    expect(asked?.form.has("client_secret")).toBe(false);
  });

  test("makes nobody an admin, and the user's own namespace at the first time", async () => {
    const bob = { ...somebody(), groups: ["admin", "*"], roles: ["admin"] };
    const name = bob.preferred_username;
    for (const _ of [1, 2]) {
      const me = await whoAmI(company.api, tokenOf(await logIn(company.api, provider, bob)));
      expect(me.entity_roles).toEqual({
        [`${name}/*`]: ["developer"],
        "default/*": ["viewer"],
        "filesystem/*": ["viewer"],
      });
    }
    expect(await getNamespace(company.api.services.db, name)).toMatchObject({ name });
    const own = await company.api.request("/api/v1/audit/", {
      headers: { authorization: `Bearer ${tokenOf(await logIn(company.api, provider, bob))}` },
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
    const response = await logIn(company.api, provider, { sub });
    expect((await whoAmI(company.api, tokenOf(response))).primary_namespace).toBe(preferred_username);
    provider.userInfo = { sub: "another", preferred_username };
    expect(await codeOf(await logIn(company.api, provider, { sub }))).toEqual([502, "provider_failed"]);
  });

  test("without a place to go to leads to the root, and the cookie is for this site alone", async () => {
    const response = await logIn(company.api, provider, somebody());
    expect(response.headers.get("location")).toBe("/");
    const cookie = response.headers.getSetCookie().find((each) => each.startsWith("conda-store-auth="));
    expect(cookie?.split("; ").slice(1).sort()).toEqual(
      ["HttpOnly", "Max-Age=86399", "Path=/", "SameSite=Lax", "Secure"].sort(),
    );
  });

  test("neither secret, code, state nor token stand in the log", async () => {
    const { address, cookie } = await begin(company.api);
    const query = provider.letIn(address, somebody());
    const response = await comeBack(company.api, query, cookie);
    const text = JSON.stringify(company.api.lines);
    const { code, state } = Object.fromEntries(new URLSearchParams(query));
    for (const secret of [CLIENT_SECRET, code, state, tokenOf(response)]) expect(text).not.toContain(secret);
  });
});

describe("logging out", () => {
  test("forgets the cookie, and goes on to the provider's logout", async () => {
    const cookie = jar(await logIn(company.api, provider, somebody()));
    const response = await company.api.request("/logout/?next=/ui/", { method: "POST", headers: { cookie } });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    const text = await response.text();
    const address = new URL(/url=([^"]+)"/.exec(text)?.[1]?.replaceAll("&amp;", "&") ?? "");
    expect(`${address.origin}${address.pathname}`).toBe(`${provider.url}/logout`);
    expect(address.searchParams.get("post_logout_redirect_uri")).toBe("https://store.example/");
    expect(response.headers.getSetCookie().join()).toMatch(/conda-store-auth=; Max-Age=0/);
  });

  test("works while the provider does not", async () => {
    const alone = company.openWith({ ...company.backend, issuer: `${provider.url}/gone` });
    const response = await alone.request("/logout/?next=/ui", {
      method: "POST",
      headers: { cookie: "conda-store-login=company" },
    });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/ui"]);
  });
});

describe("several backends", () => {
  test("the page is told of each, and each is gone to by its name", async () => {
    const two = company.openWith(
      { ...company.backend, title: "Company account" },
      { ...company.backend, name: "second" },
    );
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
    const few = openApi(company.aws, {
      ...company.api.services,
      rates: { submissionsPerMinute: 1, loginsPerMinute: 1 },
    });
    const statuses: number[] = [];
    for (let i = 0; i < 25; i += 1) statuses.push((await few.request("/login/")).status);
    expect(statuses).toContain(429);
  });
});
