import { describe, expect, it } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { CHROMIUM, useSite } from "#test/kit/browser.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { manners } from "#test/kit/manners.ts";
import { JOURNEY, visit } from "#test/kit/site-visitor.ts";
import { openSolving } from "#test/kit/solving.ts";

describe.skipIf(CHROMIUM === null)("a solve before the build, in a real Chromium", JOURNEY, () => {
  const demo = useDemoChannel();
  const site = useSite({
    services: async (_origin, ends) => {
      const allowPrivateHosts = [new URL(demo.url()).host];
      const virtual = { conda_virtual_packages: { __glibc: "2.39" } };
      const solving = openSolving(site.aws, virtual, { allowPrivateHosts });
      ends.push(() => solving.rest());
      return { allowPrivateHosts, askForSolve: solving.askForSolve };
    },
  });

  it("says what would be installed, or why it cannot be; what is built then is what was shown", async () => {
    const { page, faults } = await visit(site, { "*/*": ["admin"] });
    await page.goto(`${site.url}new`);
    const text = page.getByLabel("Specification");
    const specification = (dependency: string): string =>
      `name: previewed\nchannels:\n  - ${demo.url()}\ndependencies:\n  - ${dependency}\n`;

    await text.fill(specification("demo-hello >99"));
    await page.getByRole("button", { name: "Preview the solve" }).click();
    await page.getByText("It cannot be solved.").waitFor();
    await page.getByText("demo-hello >99 was not found").waitFor();

    await text.fill(specification("demo-hello"));
    expect(await page.getByText("It cannot be solved.").count()).toBe(0);
    await page.getByRole("button", { name: "Preview the solve" }).click();
    await page.getByText(/packages, .* would be installed\./).waitFor();
    await page.getByText("All packages").click();
    await page.getByRole("listitem").filter({ hasText: "demo-hello" }).waitFor();
    expect(await manners(page, "preview")).toEqual([]);
    await text.fill(`${specification("demo-hello")}# another text\n`);
    await page.getByRole("button", { name: "Build", exact: true }).waitFor();
    await text.fill(specification("demo-hello"));

    await page.getByRole("button", { name: "Build exactly this" }).click();
    await page.getByRole("heading", { name: "alice/previewed" }).waitFor();
    const id = Number(new URL(page.url()).searchParams.get("build"));
    expect((await getBuild(site.api.services.db, id))?.frozenLock).toEqual(expect.any(String));
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
