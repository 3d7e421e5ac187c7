import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { audited, recordChange } from "#test/kit/audited.ts";
import { CHROMIUM, useSite } from "#test/kit/browser.ts";
import { JOURNEY, visit } from "#test/kit/site-visitor.ts";
import { completed, submitted } from "#test/kit/submissions.ts";

const ADMIN = { "*/*": ["admin"] } as const;

/** Every answer of the API takes longer; the first of two questions longest, so that answers come in the wrong order. */
async function slowDown(page: Page): Promise<void> {
  let delayMs = 1_000;
  await page.route("**/api/**", async (route) => {
    delayMs = delayMs > 500 ? 500 : 1_000;
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    // Who asked may have gone in the meantime.
    await route.continue().catch(() => {});
  });
}

describe.skipIf(CHROMIUM === null)("slow answers, in a real Chromium", JOURNEY, () => {
  const site = useSite();

  it("are shown for what was asked last, and never for what was asked before", async () => {
    const { db } = site.api.services;
    for (const environment of ["apple", "apricot", "banana"])
      await submitted(db, { namespace: "fruit", environment });
    await completed(db, "team", "one");
    const two = await completed(db, "team", "two");
    const { page, faults } = await visit(site, ADMIN);
    await page.goto(site.url);
    await page.getByText("5 environments").waitFor();
    await slowDown(page);
    const search = page.getByLabel("Search by namespace or name");
    await search.fill("ap");
    await search.fill("banana");
    await page.getByText("1 environment", { exact: true }).waitFor();
    await page.getByRole("link", { name: /banana/ }).waitFor();

    // From one to the other and back before either is there.
    await search.fill("");
    await page.getByText("5 environments").waitFor();
    await page.getByRole("link", { name: /one$/ }).click();
    await page.goBack();
    await page.getByRole("link", { name: /two$/ }).click();
    await page.getByRole("heading", { name: "team/two" }).waitFor();
    await page.getByRole("heading", { name: "Use it" }).waitFor();
    await page.goBack();
    await page.goForward();
    const way = page.getByText(`conda activate /opt/conda-store/team/key-${two}`);
    await way.waitFor({ state: "attached" });
    await page.waitForLoadState("networkidle");
    expect(await way.count()).toBe(1);
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("team/two");
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("do not do a thing twice, nor show it twice, for who presses again", async () => {
    const { db } = site.api.services;
    const change = { action: "settings.update", namespace: "busy" } as const;
    for (let index = 0; index < 150; index += 1)
      await recordChange(audited(db), { ...change, details: { keys: [`k${index}`] } });
    const { page, faults } = await visit(site, ADMIN);
    await slowDown(page);
    await page.goto(`${site.url}audit?namespace=busy`);
    await page.getByRole("button", { name: "Older entries" }).dblclick();
    await page.getByRole("button", { name: "Older entries" }).waitFor({ state: "detached" });
    await page.waitForLoadState("networkidle");
    expect(await page.locator("tbody tr").count()).toBe(150);

    const before = site.requests.length;
    await page.goto(`${site.url}new`);
    await page.getByLabel("Specification").fill("name: once\n");
    await page.getByRole("button", { name: "Build", exact: true }).dblclick();
    await page.getByRole("heading", { name: "alice/once" }).waitFor();
    const posts = site.requests
      .slice(before)
      .filter((request) => request.startsWith("POST /api/v1/specification"));
    expect(posts).toHaveLength(1);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
