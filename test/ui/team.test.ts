import { describe, expect, it } from "vitest";
import { bearer, post, put } from "#test/kit/api.ts";
import { CHROMIUM, useSite } from "#test/kit/browser.ts";
import { manners } from "#test/kit/manners.ts";
import { JOURNEY, PATIENCE, visit } from "#test/kit/site-visitor.ts";
import { completed } from "#test/kit/submissions.ts";

describe.skipIf(CHROMIUM === null)("people, in a real Chromium", JOURNEY, () => {
  const site = useSite();
  const ADMIN = { "*/*": ["admin"] } as const;

  it("shows who one is and why one may, makes a narrowed token once, and revokes it", async () => {
    const { page, faults } = await visit(site, { "alice/*": ["admin"], "team/*": ["developer"] });
    await page.goto(`${site.url}me`);
    await page.getByRole("heading", { name: "Your rights and tokens" }).waitFor();
    await page.getByLabel("Permission", { exact: true }).selectOption("environment::update");
    await page.getByLabel("Namespace", { exact: true }).fill("team");
    await page.getByRole("button", { name: "Ask" }).click();
    await page.getByText("developer on team/*").waitFor();
    await page.getByLabel("Namespace", { exact: true }).fill("other");
    await page.getByRole("button", { name: "Ask" }).click();
    await page.getByText("No, you may not.").waitFor();

    await page.getByRole("button", { name: "Make a token" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("What it is for").fill("nightly");
    await dialog.getByLabel("Where it may be used").fill("team/*");
    expect(await manners(page, "new-token")).toEqual([]);
    await dialog.getByRole("button", { name: "Make", exact: true }).click();
    const token = String(await dialog.locator("pre").textContent());
    const may = await site.api.request("/api/v1/permission/", { headers: bearer(token) });
    expect((await may.json()).data.entity_roles["team/*"]).toEqual(["viewer"]);
    await dialog.getByRole("button", { name: "Close" }).click();

    await page.getByRole("row", { name: /nightly/ }).waitFor();
    expect(await page.getByText(token).count()).toBe(0);
    expect(await manners(page, "me")).toEqual([]);
    await page.getByRole("button", { name: "Revoke nightly" }).click();
    await dialog.getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("row", { name: /nightly.*revoked/ }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("gives, changes and takes back roles, and asks before one locks oneself out", async () => {
    const admin = await site.api.token(ADMIN);
    await completed(site.api.services.db, "team", "demo");
    for (const name of ["bob", "carol"])
      await site.api.request(`/api/v1/namespace/${name}/`, { method: "POST", headers: bearer(admin) });
    const given = await site.api.request("/api/v1/namespace/team/role/", {
      ...post({ other_namespace: "carol", role: "admin" }, bearer(admin)),
    });
    expect(given.status).toBe(200);
    const { page, faults } = await visit(site, { "carol/*": ["admin"] }, "carol");
    await page.goto(`${site.url}namespace?namespace=team`);
    await page.getByRole("button", { name: "Add" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Members of namespace").fill("bob");
    await dialog.getByRole("button", { name: "Add" }).click();
    await page.getByLabel("Role of bob", { exact: true }).selectOption("developer");
    await expect
      .poll(() => page.getByLabel("Role of bob", { exact: true }).inputValue(), PATIENCE)
      .toBe("developer");
    expect(await manners(page, "namespace")).toEqual([]);
    await page.getByRole("button", { name: "Take back the role of bob" }).click();
    await page.getByLabel("Role of bob", { exact: true }).waitFor({ state: "detached" });

    await page.getByLabel("Role of carol", { exact: true }).selectOption("viewer");
    await dialog.getByRole("heading", { name: "You would lock yourself out" }).waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    expect(await page.getByLabel("Role of carol", { exact: true }).inputValue()).toBe("admin");
    await page.getByRole("button", { name: "Take back the role of carol" }).click();
    await dialog.getByRole("button", { name: "Do it all the same" }).click();
    await page.getByRole("button", { name: "Add" }).waitFor({ state: "detached" });
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("shows namespaces with what they hold, settings with where they come from, and the audit", async () => {
    const { page, faults } = await visit(site, ADMIN);
    const set = await site.api.request("/api/v1/setting/team/", {
      ...put({ namespace_quota_bytes: 4_000 }),
      headers: { ...bearer(await site.api.token(ADMIN)), "content-type": "application/json" },
    });
    expect(set.status).toBe(200);
    await page.goto(`${site.url}namespaces`);
    await page.getByRole("button", { name: "New namespace" }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("fresh");
    await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { name: "fresh" }).waitFor();
    await page.getByRole("link", { name: "Namespaces" }).click();
    await page.getByRole("row", { name: /fresh/ }).waitFor();
    expect(await manners(page, "namespaces")).toEqual([]);
    await page.getByRole("link", { name: "team", exact: true }).click();
    await page.getByText("1.00 kB of 4.00 kB (25 %)").first().waitFor();

    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("row", { name: /namespace_quota_bytes 4000 set here/ }).waitFor();
    await page.getByRole("row", { name: /builds_kept 0 the store, or the deployment/ }).waitFor();
    await page.getByRole("row", { name: /default_uid 1000 fixed by the deployment/ }).waitFor();
    expect(await page.getByRole("button", { name: "Change default_uid" }).count()).toBe(0);
    expect(await page.getByRole("button", { name: "Change login_roles" }).count()).toBe(0);
    expect(await manners(page, "settings")).toEqual([]);
    await page.getByRole("button", { name: "Change builds_kept" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Value, as JSON").fill("many");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByRole("alert").getByText("This is no JSON").waitFor();
    await dialog.getByLabel("Value, as JSON").fill("-1");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByRole("alert").getByText("must not be less than 0").waitFor();
    await dialog.getByLabel("Value, as JSON").fill("3");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByRole("row", { name: /builds_kept 3 set here/ }).waitFor();

    await page.goto(`${site.url}audit?namespace=team`);
    await page
      .getByRole("row", { name: /settings\.update team/ })
      .first()
      .waitFor();
    expect(await manners(page, "audit")).toEqual([]);
    await page.getByLabel("Person").fill("nobody-here");
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByText("Nothing was found.").waitFor();
    expect(new URL(page.url()).searchParams.get("person")).toBe("nobody-here");
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
