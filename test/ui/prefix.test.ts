import { describe, expect, it } from "vitest";
import { DUMMY_PASSWORD } from "#test/kit/api.ts";
import { CHROMIUM, useSite } from "#test/kit/browser.ts";

describe.skipIf(CHROMIUM === null)("the page below a prefix, in a real Chromium", () => {
  const site = useSite({ prefix: "/conda-store" });

  it("logs in and out, and never asks outside of its prefix", async () => {
    const { page, faults } = await site.open();
    await page.goto(new URL("/", site.url).href);
    await page.getByText("There is nothing that you may see without logging in.").waitFor();
    await page.getByRole("link", { name: "Log in" }).first().click();
    await page.getByLabel("User name").fill("alice");
    await page.getByLabel("Password").fill(DUMMY_PASSWORD);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("link", { name: "Create the first one" }).waitFor();
    const cookies = await page.context().cookies();
    expect(cookies.map(({ name, path, httpOnly, sameSite }) => ({ name, path, httpOnly, sameSite }))).toEqual(
      [{ name: "conda-store-auth", path: "/conda-store", httpOnly: true, sameSite: "Lax" }],
    );

    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByText("There is nothing that you may see without logging in.").waitFor();

    expect(await page.context().cookies()).toEqual([]);
    expect(page.url()).toBe(site.url);
    expect(site.requests.filter((request) => !/^\w+ \/conda-store\//.test(request))).toEqual(["GET /"]);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
