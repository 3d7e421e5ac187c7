import { describe, expect, it } from "vitest";
import { CHROMIUM, useSite } from "#test/kit/browser.ts";
import { manners, movements } from "#test/kit/manners.ts";
import { JOURNEY, visit } from "#test/kit/site-visitor.ts";
import { building } from "#test/kit/submissions.ts";

describe.skipIf(CHROMIUM === null)("manners", JOURNEY, () => {
  const site = useSite();

  it("are missed where something is too wide, covered, moving or without a name", async () => {
    const { page } = await site.open();
    const planted = async (body: string): Promise<string> => {
      await page.setContent(
        `<!doctype html><html lang="en"><title>x</title><main><h1>x</h1>${body}</main></html>`,
      );
      return (await manners(page, "planted")).join("\n");
    };
    expect(await planted("<button>in reach</button>")).toBe("");
    expect(await planted(`<p style="width: 800px">wide</p>`)).toMatch(/683 light: 8\d\d pixels wide/);
    const cover = `<div style="position: fixed; inset: 0; background: #fff"></div>`;
    expect(await planted(`<button>covered</button>${cover}`)).toContain("out of reach: button covered");
    expect(await planted(`<a href="#" style="position: fixed; left: 600px; width: 300px">far</a>`)).toMatch(
      /683 light: out of reach: a far/,
    );
    expect(
      await planted(`<style>@keyframes go { to { opacity: 0 } } p { animation: go 9s }</style><p>moves</p>`),
    ).toContain("reduced motion: go");
    expect(await planted("<input>")).toContain("label");
    await page.context().close();
  });

  it("include to stand still for who wants no motion, also while a build runs, which turns for everybody else", async () => {
    const { id } = await building(site.api.services.db, "worker");
    const { page, faults } = await visit(site, { "*/*": ["admin"] });
    await page.goto(`${site.url}team/demo?build=${id}`);
    await page.getByText("Building", { exact: true }).waitFor();
    expect(await movements(page)).toEqual(["turn"]);
    expect(await manners(page, "building")).toEqual([]);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
