/**
 * conda-store as a service of a real JupyterHub, behind the hub's proxy, with the hub's users.
 */
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { deploymentSettings } from "#core/settings/settings.ts";
import { CHROMIUM, useSite } from "#test/kit/browser.ts";
import { type Hub, startHub } from "#test/kit/jupyterhub.ts";
import { loginWith } from "#test/kit/login-journey.ts";

const PREFIX = "/services/conda-store";

describe.skipIf(CHROMIUM === null)("a service of a real JupyterHub, in a real Chromium", () => {
  let hub: Hub;
  const site = useSite({
    prefix: PREFIX,
    hookTimeoutMs: 600_000,
    services: async (origin, ends) => {
      hub = await startHub(origin);
      ends.push(() => hub.close());
      const { backends } = loginWith({
        kind: "jupyterhub",
        name: "hub",
        url: hub.url,
        clientId: "service-conda-store",
        clientSecretArn: "arn:aws:secretsmanager:us-east-1:000000000000:secret:hub",
      });
      return {
        login: { backends, publicUrl: hub.url, sameSite: "lax" },
        clientSecret: async () => hub.serviceToken,
        allowPrivateHosts: [hub.host],
        settings: deploymentSettings({
          login_roles: ["user * -> {user}/*:developer", "group data-* -> {group}/*:viewer"],
        }),
      };
    },
  });

  /** Through the hub's own login, and its question whether the service may know who one is. */
  async function logInAt(page: Page, name: string): Promise<void> {
    await page.getByLabel("Username").fill(name);
    await page.getByLabel("Password").fill(hub.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("button", { name: "Authorize" }).click();
  }
  const rolesOf = async (page: Page): Promise<unknown> => {
    const response = await page.request.get(`${hub.url}${PREFIX}/api/v1/permission/`);
    return ((await response.json()) as { data: { entity_roles: unknown } }).data.entity_roles;
  };
  const EVERYBODY = { "default/*": ["viewer"], "filesystem/*": ["viewer"] };

  test("a user of the hub is one here, with her group's roles", { timeout: 120_000 }, async () => {
    const { page } = await site.open({ baseURL: hub.url });
    await page.goto(`${hub.url}${PREFIX}/ui/`);
    await page.getByRole("banner").getByRole("link", { name: "Log in" }).click();
    await page.getByRole("link", { name: "Log in with hub" }).click();
    await logInAt(page, "carol");
    await page.getByText("carol", { exact: true }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`${PREFIX}/ui/`);
    expect(await rolesOf(page)).toEqual({ ...EVERYBODY, "carol/*": ["developer"], "data-lab/*": ["viewer"] });

    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("banner").getByRole("link", { name: "Log in" }).waitFor();
    expect(await rolesOf(page)).toEqual({ "default/*": ["viewer"] });
  });

  test("the hub's admin is no admin here", { timeout: 120_000 }, async () => {
    const { page } = await site.open({ baseURL: hub.url });
    await page.goto(`${hub.url}${PREFIX}/login/?next=${PREFIX}/ui/`);
    await logInAt(page, "root");
    await page.getByText("root", { exact: true }).waitFor();
    expect(await rolesOf(page)).toEqual({ ...EVERYBODY, "root/*": ["developer"] });
  });
});
