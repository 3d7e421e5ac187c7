/**
 * Backends beside OpenID Connect, against a stand-in that answers as each of them documents; and what groups become.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { JWTPayload } from "jose";
import { afterEach, describe, expect, test } from "vitest";
import { findNamespaces } from "#adapters/dynamodb/logins.ts";
import type { BackendInput } from "#core/login/backends.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { type Api, bearer, openApi, put } from "#test/kit/api.ts";
import { logIn, loginWith, tokenOf, whoAmI } from "#test/kit/login-journey.ts";
import { useLoginProvider } from "#test/kit/login-provider.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
const provider = useLoginProvider();
afterEach(() => provider.unbend());

const openWith = (backend: BackendInput, settings: object = {}): Api =>
  openApi(aws, {
    login: loginWith(backend),
    allowPrivateHosts: [provider.host],
    settings: deploymentSettings(settings),
  });
const codeOf = async (response: Response): Promise<[number, string]> => [
  response.status,
  ((await response.json()) as { code: string }).code,
];
let count = 0;
const fresh = (): string => {
  count += 1;
  return `person-${count}`;
};
/** Roles that are the login's own. */
const rolesAfter = async (api: Api, response: Response): Promise<Record<string, string[]>> => {
  const {
    "default/*": _,
    "filesystem/*": __,
    ...roles
  } = (await whoAmI(api, tokenOf(response))).entity_roles;
  return roles;
};

describe("plain OAuth 2", () => {
  const backend = (): BackendInput => ({
    kind: "oauth2",
    name: "plain",
    clientId: "store",
    authorizeUrl: `${provider.url}/authorize?tenant=1`.replace("?tenant=1", ""),
    tokenUrl: `${provider.url}/token`,
    userUrl: `${provider.url}/me`,
    userKey: "data.login",
    subjectKey: "data.id",
    groupsKey: "data.teams",
  });

  test("asks the user's address who that is, and gives no more than the rules say", async () => {
    const login = fresh();
    const api = openWith(backend(), { login_roles: ["group data-* -> {group}/*:viewer"] });
    const response = await logIn(api, provider, { data: { login, id: 7, teams: ["data-x", "other"] } });
    expect(await rolesAfter(api, response)).toEqual({ "data-x/*": ["viewer"] });
    const form = provider.asked.find(({ path }) => path === "/token")?.form;
    expect(form?.get("code_verifier")).toMatch(/^[\w-]{43}$/);
  });

  test.each<[string, unknown, [number, string]]>([
    ["who says nothing", {}, [403, "login_refused"]],
    ["whose name is an object", { data: { login: {}, id: 1 } }, [403, "login_refused"]],
    ["who has no id", { data: { login: "x" } }, [403, "login_refused"]],
    ["who is a list", [], [403, "login_refused"]],
  ])("a user %s is refused", async (_, user, expected) => {
    provider.bent.set("/me", user);
    expect(await codeOf(await logIn(openWith(backend()), provider, {}))).toEqual(expected);
  });
});

describe("GitHub", () => {
  const backend = (): BackendInput => ({
    kind: "github",
    name: "github",
    clientId: "store",
    url: provider.url,
    apiUrl: provider.url,
    organisations: ["Acme"],
  });
  const isGitHub = (login: string, orgs: string[], teams: [string, string][]): void => {
    // GitHub's addresses are its own; the rest is the stand-in's.
    const token = (outgoing: ServerResponse, _: IncomingMessage): void => {
      outgoing.end(JSON.stringify({ access_token: "gho_x", scope: "read:org", token_type: "bearer" }));
    };
    provider.bent.set("/login/oauth/access_token", token);
    provider.bent.set("/user", { login, id: count });
    provider.bent.set(
      "/user/orgs",
      orgs.map((each) => ({ login: each, id: 1 })),
    );
    provider.bent.set(
      "/user/teams",
      teams.map(([organisation, slug]) => ({
        slug,
        name: slug.toUpperCase(),
        organization: { login: organisation },
      })),
    );
  };

  test("makes groups of organisations and teams, of those that the deployment names only", async () => {
    const login = fresh();
    isGitHub(
      login,
      ["acme", "evil"],
      [
        ["acme", "data"],
        ["evil", "data"],
      ],
    );
    const api = openWith(backend(), {
      login_roles: [
        "group acme/data -> data/*:developer",
        "group evil* -> */*:admin",
        "group acme -> shared/*:viewer",
      ],
    });
    const response = await logIn(api, provider, {});
    expect(await rolesAfter(api, response)).toEqual({ "data/*": ["developer"], "shared/*": ["viewer"] });
  });

  test("who is in none of them is refused", async () => {
    isGitHub(fresh(), ["evil", "acme-but-not-really"], []);
    expect(await codeOf(await logIn(openWith(backend()), provider, {}))).toEqual([403, "login_refused"]);
  });

  test("every page of organisations is read", async () => {
    const login = fresh();
    isGitHub(login, [], []);
    provider.bent.delete("/user/orgs");
    const page = Array.from({ length: 100 }, (_, i) => ({ login: `other-${i}` }));
    provider.bent.set("/user/orgs?per_page=100&page=1", page);
    provider.bent.set("/user/orgs?per_page=100&page=2", [{ login: "ACME" }]);
    expect((await logIn(openWith(backend()), provider, {})).status).toBe(303);
  });

  test("a code that was used already is told as such", async () => {
    isGitHub(fresh(), ["acme"], []);
    provider.bent.set("/login/oauth/access_token", { error: "bad_verification_code" });
    expect(await codeOf(await logIn(openWith(backend()), provider, {}))).toEqual([403, "login_refused"]);
  });
});

describe("JupyterHub", () => {
  const backend = (): BackendInput => ({
    kind: "jupyterhub",
    name: "hub",
    clientId: "service-conda-store",
    url: provider.url,
  });
  const isHub = (user: object): void => {
    provider.bent.set("/hub/api/oauth2/token", { access_token: "x", token_type: "Bearer" });
    provider.bent.set("/hub/api/user", user);
  };

  test("a user of the hub is a user, its groups are groups, and its admin no admin", async () => {
    const name = fresh();
    isHub({ kind: "user", name, admin: true, groups: ["lab"], scopes: ["read:users:name!user"] });
    const api = openWith(backend(), {
      login_roles: ["user * -> {user}/*:admin", "group lab -> lab/*:developer"],
    });
    const response = await logIn(api, provider, {});
    expect(await rolesAfter(api, response)).toEqual({ [`${name}/*`]: ["admin"], "lab/*": ["developer"] });
    isHub({ kind: "service", name: "some-service", admin: true });
    expect(await codeOf(await logIn(api, provider, {}))).toEqual([403, "login_refused"]);
  });
});

describe("Keycloak's role attributes", () => {
  const backend = (more: object = {}): BackendInput => ({
    kind: "oidc",
    name: "keycloak",
    clientId: "conda_store",
    issuer: `${provider.url}/auth/realms/nebari`,
    groupNames: "last",
    rolesClaim: "resource_access.conda_store.roles",
    keycloakRoleScopes: true,
    ...more,
  });
  const isKeycloak = (roles: unknown): void => {
    const issuer = `${provider.url}/auth/realms/nebari`;
    provider.bent.set("/auth/realms/nebari/.well-known/openid-configuration", {
      issuer,
      authorization_endpoint: `${provider.url}/authorize`,
      token_endpoint: `${provider.url}/token`,
      jwks_uri: `${provider.url}/keys`,
    });
    provider.bendClaims = (claims) => ({ ...claims, iss: issuer });
    provider.bent.set("/auth/admin/realms/nebari/clients?clientId=conda_store", [
      { id: "uuid-1", clientId: "conda_store" },
    ]);
    provider.bent.set("/auth/admin/realms/nebari/users/kc-1/role-mappings/clients/uuid-1/composite", roles);
  };
  /** The issuer that answers is the realm's. */
  const enter = async (api: Api, claims: JWTPayload): Promise<Response> => {
    const { begin, comeBack } = await import("#test/kit/login-journey.ts");
    const { address, cookie } = await begin(api);
    const query = new URLSearchParams(provider.letIn(address, claims));
    query.set("iss", `${provider.url}/auth/realms/nebari`);
    return comeBack(api, query.toString(), cookie);
  };
  const ROLES = [
    {
      name: "conda_store_developer",
      attributes: { scopes: ["viewer!namespace=scipy,admin!namespace=pycon", "admin!namespace=nowhere"] },
    },
    { name: "broken", attributes: { scopes: ["admin!namespace=scipy,oops"] } },
    { name: "plain" },
  ];
  const claims = (preferred_username: string) => ({
    sub: "kc-1",
    preferred_username,
    groups: ["/division/analyst", "/users"],
    resource_access: { conda_store: { roles: ["conda_store_developer"] } },
  });

  test("give roles on namespaces that exist, beside what groups and client roles give", async () => {
    const name = fresh();
    isKeycloak(ROLES);
    const api = openWith(backend(), {
      login_roles: ["user * -> {user}/*:admin", "role conda_store_developer -> {groups}/*:developer"],
      login_namespaces: ["users", "groups"],
    });
    const admin = bearer(await api.token({ "*/*": ["admin"] }));
    for (const namespace of ["scipy", "pycon"])
      await api.request(`/api/v1/namespace/${namespace}/`, { method: "POST", headers: admin });
    const response = await enter(api, claims(name));
    expect(await rolesAfter(api, response)).toEqual({
      [`${name}/*`]: ["admin"],
      "analyst/*": ["developer"],
      "users/*": ["developer"],
      "scipy/*": ["viewer"],
      "pycon/*": ["admin"],
    });
    expect(await findNamespaces(api.services.db, [name, "analyst", "users", "nowhere"])).toEqual(
      new Set([name, "analyst", "users"]),
    );
    expect(JSON.stringify(api.lines)).toContain("nowhere");
    // Asked with the client's own token, not the user's.
    expect(
      provider.asked.filter(({ path }) => path.includes("/admin/")).map(({ authorization }) => authorization),
    ).toEqual(["Bearer service", "Bearer service"]);
  });

  test.each<[string, unknown]>([
    ["does not answer as Keycloak", { error: "unauthorized" }],
    ["gives nonsense", [null, { attributes: { scopes: "x" } }, { attributes: null }]],
  ])("are done without when the admin API %s", async (_, answer) => {
    isKeycloak(answer);
    const api = openWith(backend({ name: `keycloak-${count}`, adoptsNamespaces: true }));
    const name = fresh();
    expect(await rolesAfter(api, await enter(api, { ...claims(name), sub: "kc-1" }))).toEqual({
      [`${name}/*`]: ["developer"],
    });
  });
});

describe("rules", () => {
  const backend = (): BackendInput => ({
    kind: "oidc",
    name: "company",
    issuer: provider.url,
    clientId: "store",
  });
  const person = (groups: string[] = []) => {
    const preferred_username = fresh();
    return { sub: preferred_username, preferred_username, groups };
  };

  test("a namespace's settings can be sent back as they were read", async () => {
    const api = openWith(backend());
    const headers = bearer(await api.token({ "*/*": ["admin"] }));
    const path = "/api/v1/setting/lab/";
    const { data } = (await (await api.request(path, { headers })).json()) as { data: object };
    expect(
      (await api.request(path, { ...put(data), headers: { "content-type": "application/json", ...headers } }))
        .status,
    ).toBe(200);
  });

  test("a group that is called like a user gives nothing on what is the user's", async () => {
    const api = openWith(backend(), {
      login_roles: ["user * -> {user}/*:developer", "group * -> {group}/*:admin"],
      login_namespaces: ["users", "groups"],
    });
    const victim = person();
    await logIn(api, provider, victim);
    const other = person([victim.preferred_username, "real-group"]);
    const roles = await rolesAfter(api, await logIn(api, provider, other));
    expect(roles).toEqual({ [`${other.preferred_username}/*`]: ["developer"], "real-group/*": ["admin"] });
    expect(JSON.stringify(api.lines)).toContain("groups are called like users");
  });

  test("and a user who is called like a group's namespace is refused", async () => {
    const api = openWith(backend(), {
      login_roles: ["group * -> {group}/*:developer"],
      login_namespaces: ["groups"],
    });
    const group = `group-of-${fresh()}`;
    expect((await logIn(api, provider, person([group]))).status).toBe(303);
    const impostor = { sub: "impostor", preferred_username: group };
    expect(await codeOf(await logIn(api, provider, impostor))).toEqual([403, "login_refused"]);
  });

  test("more roles than a cookie holds are refused in words, and nothing is handed out", async () => {
    const api = openWith(backend(), { login_roles: ["group * -> {group}/*:developer"] });
    const groups = Array.from({ length: 300 }, (_, i) => `a-group-with-a-name-${i}`);
    const response = await logIn(api, provider, person(groups));
    expect(tokenOf(response)).toBe("");
    expect(await response.json()).toMatchObject({
      code: "login_refused",
      message: expect.stringContaining("cookie"),
    });
    const few = await logIn(api, provider, person(groups.slice(0, 50)));
    const [cookie = ""] = few.headers.getSetCookie().filter((each) => each.startsWith("conda-store-auth="));
    expect(few.status).toBe(303);
    expect(cookie.length).toBeLessThan(4096);
  });

  // What it sets stands above what the deployments of the others say: it comes last.
  test("can be changed while the service runs, by who may change the whole store, and count at the next login", async () => {
    const api = openWith(backend());
    const someone = person(["lab"]);
    const admin = bearer(await api.token({ "*/*": ["admin"] }));
    const change = (
      headers: Record<string, string>,
      path = "/api/v1/setting/",
      login_roles: unknown = ["group lab -> lab/*:viewer"],
    ) =>
      api.request(path, {
        ...put({ login_roles }),
        headers: { "content-type": "application/json", ...headers },
      });
    expect((await change(bearer(await api.token({ "lab/*": ["admin"] })))).status).toBe(403);
    expect((await change(admin, "/api/v1/setting/lab/")).status).toBe(400);
    expect(await (await change(admin, "/api/v1/setting/", ["group lab -> lab"])).json()).toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("is no rule such as"),
    });
    expect((await change(admin)).status).toBe(200);
    expect(await rolesAfter(api, await logIn(api, provider, someone))).toEqual({ "lab/*": ["viewer"] });
    expect((await change(admin, "/api/v1/setting/", [])).status).toBe(200);
    expect(await rolesAfter(api, await logIn(api, provider, someone))).toEqual({});
  });
});
