/**
 * Logins at a real Keycloak, by `npm run test:keycloak` alone.
 */
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { deploymentSettings } from "#core/settings/settings.ts";
import { bearer } from "#test/kit/api.ts";
import { CHROMIUM, useSite } from "#test/kit/browser.ts";
import { KEYCLOAK_WANTED, type Keycloak, startKeycloak } from "#test/kit/keycloak.ts";
import { loginWith } from "#test/kit/login-journey.ts";

const PREFIX = "/conda-store";
const CLIENT = "conda_store";
const LIMIT_MS = 300_000;

describe.skipIf(!KEYCLOAK_WANTED)("npm run test:keycloak: a real Keycloak, in a real Chromium", () => {
  let keycloak: Keycloak;
  const secret = crypto.randomUUID();
  const password = crypto.randomUUID();
  const site = useSite({
    prefix: PREFIX,
    hookTimeoutMs: 1_200_000,
    services: async (origin, ends) => {
      if (CHROMIUM === null) throw new Error("The tests with Keycloak need Chromium (Debian: chromium).");
      keycloak = await startKeycloak();
      ends.push(() => keycloak.close());
      await keycloak.admin("POST", "", realm(origin));
      await warmUp(`${keycloak.url}/realms/staff`);
      const staff = {
        kind: "oidc",
        issuer: `${keycloak.url}/realms/staff`,
        clientId: CLIENT,
        clientSecretArn: "arn:aws:secretsmanager:us-east-1:000000000000:secret:client",
        groupNames: "last",
        keycloakRoleScopes: true,
      } as const;
      const { backends } = loginWith(
        { ...staff, name: "staff" },
        { ...staff, name: "powerless", clientId: "powerless" },
      );
      return {
        login: { backends, publicUrl: origin, sameSite: "lax" },
        clientSecret: async () => secret,
        allowPrivateHosts: [keycloak.host],
        settings: deploymentSettings({
          login_roles: [
            "user * -> {user}/*:developer",
            "group data-* -> {group}/*:admin",
            "role lead -> shared/*:viewer",
          ],
        }),
      };
    },
  });

  /** As docs/login.md tells to set it up; the second client may not ask the admin API. */
  function realm(origin: string): object {
    const client = (clientId: string) => ({
      clientId,
      secret,
      serviceAccountsEnabled: true,
      redirectUris: [`${origin}${PREFIX}/oauth_callback`],
      attributes: {
        "post.logout.redirect.uris": `${origin}${PREFIX}/`,
        "pkce.code.challenge.method": "S256",
      },
      protocolMappers: [
        {
          name: "groups",
          protocol: "openid-connect",
          protocolMapper: "oidc-group-membership-mapper",
          config: { "claim.name": "groups", "full.path": "true", "userinfo.token.claim": "true" },
        },
        {
          name: "roles",
          protocol: "openid-connect",
          protocolMapper: "oidc-usermodel-client-role-mapper",
          config: {
            "claim.name": "roles",
            multivalued: "true",
            "id.token.claim": "true",
            "usermodel.clientRoleMapping.clientId": CLIENT,
          },
        },
      ],
    });
    const person = (username: string) => ({
      username,
      enabled: true,
      firstName: username,
      lastName: "Example",
      email: `${username}@example.org`,
      credentials: [{ type: "password", value: password }],
    });
    return {
      realm: "staff",
      enabled: true,
      clients: [client(CLIENT), client("powerless")],
      roles: {
        client: {
          [CLIENT]: [
            { name: "lead" },
            { name: "readers", attributes: { scopes: ["viewer!namespace=scipy,admin!namespace=pycon"] } },
            { name: "dreamers", attributes: { scopes: ["admin!namespace=nowhere"] } },
          ],
        },
      },
      groups: [
        { name: "science", subGroups: [{ name: "data-team", clientRoles: { [CLIENT]: ["readers"] } }] },
      ],
      users: [
        {
          ...person("carol"),
          groups: ["/science/data-team"],
          clientRoles: { [CLIENT]: ["lead", "dreamers"] },
        },
        { ...person("dave"), groups: ["/science/data-team"] },
        {
          username: `service-account-${CLIENT}`,
          enabled: true,
          serviceAccountClientId: CLIENT,
          clientRoles: { "realm-management": ["view-users", "view-clients"] },
        },
      ],
    };
  }

  /** A login waits some seconds for a provider's answers; the first ones of a Keycloak may take longer. */
  async function warmUp(issuer: string): Promise<void> {
    const protocol = `${issuer}/protocol/openid-connect`;
    const grant = { grant_type: "client_credentials", client_id: CLIENT, client_secret: secret };
    await fetch(`${issuer}/.well-known/openid-configuration`);
    await fetch(`${protocol}/certs`);
    const token = await fetch(`${protocol}/token`, { method: "POST", body: new URLSearchParams(grant) });
    expect(token.status, await token.text()).toBe(200);
    const [client] = (await keycloak.admin("GET", `/staff/clients?clientId=${CLIENT}`)) as { id: string }[];
    const [user] = (await keycloak.admin("GET", "/staff/users?exact=true&username=dave")) as { id: string }[];
    const roles = `/staff/users/${user?.id}/role-mappings/clients/${client?.id}/composite`;
    expect(await keycloak.admin("GET", `${roles}?briefRepresentation=false`)).toHaveLength(1);
  }

  async function openLogin(backend: string): Promise<Page> {
    const { page } = await site.open();
    page.setDefaultTimeout(LIMIT_MS / 4);
    await page.goto(new URL(`${PREFIX}/login/?provider=${backend}&next=${PREFIX}/ui/new`, site.url).href);
    return page;
  }
  async function logInAs(page: Page, name: string): Promise<void> {
    await page.locator("#username").fill(name);
    await page.locator("#password").fill(password);
    await page.locator("#kc-login").click();
    await page.getByText(name, { exact: true }).waitFor();
  }
  const rolesOf = async (page: Page): Promise<unknown> => {
    const response = await page.request.get(`${new URL(PREFIX, site.url)}/api/v1/permission/`);
    return ((await response.json()) as { data: { entity_roles: unknown } }).data.entity_roles;
  };
  const sessionsOf = async (name: string): Promise<unknown> => {
    const users = await keycloak.admin("GET", `/staff/users?exact=true&username=${name}`);
    const [user] = users as { id: string }[];
    return keycloak.admin("GET", `/staff/users/${user?.id}/sessions`);
  };
  const EVERYBODY = { "default/*": ["viewer"], "filesystem/*": ["viewer"] };

  test("groups, client roles and their attributes become roles, and logging out ends the session at Keycloak", {
    timeout: LIMIT_MS,
  }, async () => {
    const admin = bearer(await site.api.token({ "*/*": ["admin"] }));
    for (const namespace of ["scipy", "pycon"])
      await site.api.request(`${PREFIX}/api/v1/namespace/${namespace}/`, {
        method: "POST",
        headers: admin,
      });
    const page = await openLogin("staff");
    await logInAs(page, "carol");
    expect(page.url()).toBe(`${site.url}new`);
    expect(await rolesOf(page)).toEqual({
      ...EVERYBODY,
      "carol/*": ["developer"],
      "data-team/*": ["admin"],
      "shared/*": ["viewer"],
      "scipy/*": ["viewer"],
      "pycon/*": ["admin"],
    });
    expect(await sessionsOf("carol")).toHaveLength(1);

    await page.getByRole("button", { name: "Log out" }).click();
    // Keycloak's own question.
    await page.locator("#kc-logout").click();
    await page.getByRole("banner").getByRole("link", { name: "Log in" }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`${PREFIX}/ui/`);
    expect(await rolesOf(page)).toEqual({ "default/*": ["viewer"] });
    expect(await sessionsOf("carol")).toEqual([]);
  });

  test("a client that may not ask the admin API lets people in without the attributes", {
    timeout: LIMIT_MS,
  }, async () => {
    const page = await openLogin("powerless");
    await logInAs(page, "dave");
    expect(await rolesOf(page)).toEqual({
      ...EVERYBODY,
      "dave/*": ["developer"],
      "data-team/*": ["admin"],
    });
    expect(site.api.lines.some((line) => JSON.stringify(line).includes("without role attributes"))).toBe(
      true,
    );
  });
});
