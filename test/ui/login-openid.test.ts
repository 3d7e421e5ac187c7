import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { deploymentSettings } from "#core/settings/settings.ts";
import { CHROMIUM, useSite } from "#test/kit/browser.ts";
import { loginWith } from "#test/kit/login-journey.ts";
import { startOpenIdProvider } from "#test/kit/openid-provider.ts";

const PREFIX = "/conda-store";

describe.skipIf(CHROMIUM === null)("a login at a real OpenID provider, in a real Chromium", () => {
  const site = useSite({
    prefix: PREFIX,
    services: async (origin, ends) => {
      const provider = await startOpenIdProvider({
        redirectUri: `${origin}${PREFIX}/oauth_callback`,
        loggedOutUri: `${origin}${PREFIX}/`,
        groups: { carol: ["/science/data-team"] },
      });
      ends.push(() => provider.close());
      const company = {
        kind: "oidc",
        name: "company",
        title: "the company",
        issuer: provider.issuer,
        clientId: provider.clientId,
        clientSecretArn: "arn:aws:secretsmanager:us-east-1:000000000000:secret:client",
        groupNames: "last",
      } as const;
      const { backends } = loginWith(company, { ...company, name: "other", title: "the other one" });
      return {
        login: { backends, publicUrl: origin, sameSite: "lax" },
        clientSecret: async () => provider.clientSecret,
        allowPrivateHosts: [provider.host],
        settings: deploymentSettings({
          login_roles: ["user * -> {user}/*:developer", "group data-* -> {group}/*:admin"],
        }),
      };
    },
  });

  /** What the provider asks: a name, and leave to tell it. */
  async function logInAt(page: Page, name: string): Promise<void> {
    await page.getByPlaceholder("Enter any login").fill(name);
    await page.getByPlaceholder("and password").fill("any");
    await page.getByRole("button", { name: "Sign-in" }).click();
    await page.getByRole("button", { name: "Continue" }).click();
  }

  it("leads from the page to the provider and back to where one was, as oneself, with one's groups' roles", async () => {
    const { page, faults } = await site.open();
    await page.goto(`${site.url}new`);
    await page.getByRole("banner").getByRole("link", { name: "Log in" }).click();
    await page.getByRole("link", { name: "Log in with the company" }).click();
    await logInAt(page, "carol");
    await page.getByText("carol", { exact: true }).waitFor();
    expect(page.url()).toBe(`${site.url}new`);
    const me = await page.request.get(`${new URL(PREFIX, site.url)}/api/v1/permission/`);
    expect(await me.json()).toMatchObject({
      data: {
        authenticated: true,
        primary_namespace: "carol",
        entity_roles: { "carol/*": ["developer"], "data-team/*": ["admin"] },
      },
    });
    const cookies = await page.context().cookies(site.url);
    expect(cookies.map(({ name }) => name).sort()).toEqual(["conda-store-auth", "conda-store-login"]);

    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("button", { name: /yes/i }).click();
    await page.getByRole("banner").getByRole("link", { name: "Log in" }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`${PREFIX}/ui/`);
    const after = await page.context().cookies(site.url);
    expect(after.map(({ name }) => name).filter((name) => name.startsWith("conda-store"))).toEqual([]);

    // The provider has forgotten her too: it asks again.
    await page.getByRole("banner").getByRole("link", { name: "Log in" }).click();
    await page.getByRole("link", { name: "Log in with the company" }).click();
    await page.getByPlaceholder("Enter any login").waitFor();
    // The provider's own pages want a font from elsewhere.
    expect(faults.filter((fault) => !fault.includes("Failed to load resource: net::"))).toEqual([]);
  });

  it("the same name at another provider is somebody else's, and the page says so", async () => {
    const { page } = await site.open();
    await page.goto(`${site.url}login`);
    await page.getByRole("link", { name: "Log in with the other one" }).click();
    await logInAt(page, "carol");
    await page.getByText("somebody else's").waitFor();
    await page.getByRole("link", { name: "Log in again" }).click();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    expect((await page.context().cookies(site.url)).map(({ name }) => name)).not.toContain(
      "conda-store-auth",
    );
  });

  it("works on a telephone", async () => {
    const { page } = await site.open({ viewport: { width: 360, height: 640 } });
    await page.goto(`${site.url}login`);
    const link = page.getByRole("link", { name: "Log in with the company" });
    const box = await link.boundingBox();
    expect(box && box.x >= 0 && box.x + box.width <= 360 && box.height >= 36).toBe(true);
  });
});
