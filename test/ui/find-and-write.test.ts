import { describe, expect, it } from "vitest";
import { deploymentSettings } from "#core/settings/settings.ts";
import { CHROMIUM, useSite } from "#test/kit/browser.ts";
import { record, useIndexChannel } from "#test/kit/index-channel.ts";
import { manners } from "#test/kit/manners.ts";
import { readChannels } from "#test/kit/prefetching.ts";
import { JOURNEY, PATIENCE, visit } from "#test/kit/site-visitor.ts";
import { completed, submitted } from "#test/kit/submissions.ts";

const ADMIN = { "*/*": ["admin"] } as const;

describe.skipIf(CHROMIUM === null)("finding and writing, in a real Chromium", JOURNEY, () => {
  const site = useSite();
  const channel = useIndexChannel();

  it("lists more environments as one scrolls, by namespace, and walks them by keyboard", async () => {
    const { db } = site.api.services;
    const names = Array.from({ length: 60 }, (_, index) => `e${String(index).padStart(3, "0")}`);
    await Promise.all(
      ["blue", "red"].map(async (namespace) => {
        for (const environment of names) await submitted(db, { namespace, environment });
      }),
    );
    await completed(db, "team", "done");
    const { page, faults } = await visit(site, ADMIN);
    await page.goto(site.url);
    await page.getByText("121 environments").waitFor();
    for (const namespace of ["blue", "red"])
      await page.getByRole("heading", { name: namespace, exact: true }).waitFor();
    expect(await page.locator("a.row").count()).toBe(100);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await page.locator("a.row[href='team/done']").click();
    await page.getByRole("heading", { name: "team/done" }).waitFor();
    // Who comes back is where one was.
    await page.goBack();
    await page.locator("a.row[href='team/done']").waitFor();
    await page.waitForFunction(() => scrollY > 2_000);
    expect(await page.getByRole("heading", { name: "red", exact: true }).count()).toBe(1);
    expect(await page.locator("a.row").count()).toBe(121);

    await page.keyboard.press("/");
    await page.keyboard.type("e05");
    await page.getByText("20 environments").waitFor();
    expect(await manners(page, "list")).toEqual([]);
    await page.getByLabel("Search by namespace or name").focus();
    expect(new URL(page.url()).searchParams.get("search")).toBe("e05");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("href"))).toBe("blue/e051");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("type"))).toBe("search");

    await page.goto(`${site.url}?status=COMPLETED`);
    await page.getByText("1 environment", { exact: true }).waitFor();
    await page.getByLabel("With these packages").fill("nothing-has-this");
    await page.getByText("No environment is like that.").waitFor();
    await page.getByRole("link", { name: "Clear search and filters" }).click();
    await page.getByText("121 environments").waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("takes files for what they are, asks before it replaces what was typed, and leads to the line of a fault", async () => {
    const { page, faults } = await visit(site, ADMIN);
    await page.goto(`${site.url}new`);
    const text = page.getByLabel("Specification");
    const file = (name: string, content: string) =>
      page
        .getByLabel("Choose a file")
        .setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(content) });
    const yaml = "name: written\ndependencies:\n  - python\n  - pip:\n      - flask\n      - 'bad =='\n";
    await file("environment.yml", yaml);
    await expect.poll(() => text.inputValue(), PATIENCE).toBe(yaml);
    await page.getByRole("button", { name: "Build", exact: true }).click();
    await page.getByRole("button", { name: "Line 6" }).click();
    const marked = await text.evaluate((field: HTMLTextAreaElement) =>
      field.value.slice(field.selectionStart, field.selectionEnd),
    );
    expect(marked).toBe("      - 'bad =='");
    expect(await manners(page, "fault")).toEqual([]);

    await file("requirements.txt", "flask>=3\n");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    expect(await text.inputValue()).toBe(yaml);
    await file("requirements.txt", "flask>=3\n");
    await dialog.getByRole("button", { name: "Replace" }).click();
    await expect.poll(() => text.inputValue(), PATIENCE).toBe("flask>=3\n");
    await page.getByLabel("Name of the environment").fill("from-pip");
    // Leaving and coming back loses none of it.
    await page.getByRole("link", { name: "Environments", exact: true }).click();
    await page.getByRole("heading", { name: "Environments" }).waitFor();
    await page.goBack();
    expect(await text.inputValue()).toBe("flask>=3\n");
    await page.getByRole("button", { name: "Build", exact: true }).click();
    await page.getByRole("heading", { name: "alice/from-pip" }).waitFor();
    await page.getByRole("region", { name: "Specification" }).getByText("flask>=3").waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("completes names and versions from the channels' indexes, by keyboard too", async () => {
    const { db, bucket } = site.api.services;
    const endless = `nump${"-and-so-on".repeat(19)}`;
    channel.publish("noarch", {
      "numpy-1.9-0.conda": record("numpy", "1.9"),
      "numpy-1.10-0.conda": record("numpy", "1.10"),
      "numpy-2.0-0.conda": record("numpy", "2.0"),
      [`${endless}-1.0-0.conda`]: record(endless, "1.0"),
      [`${endless}s-1.0-0.conda`]: record(`${endless}s`, "1.0"),
      "scipy-1.0-0.conda": record("scipy", "1.0"),
    });
    const long = `Arrays & <img src=x onerror="document.title='run'"> ${"and so on ".repeat(40)}`;
    channel.put(
      "channeldata.json",
      Buffer.from(JSON.stringify({ packages: { numpy: { summary: long }, [endless]: { summary: long } } })),
    );
    const settings = deploymentSettings({
      conda_indexed_channels: [channel.url],
      conda_platforms: ["noarch"],
    });
    await readChannels({ db, bucket, settings, allowPrivateHosts: [channel.host] }, { now: true });
    const { page, faults } = await visit(site, ADMIN);
    await page.goto(`${site.url}new`);
    const text = page.getByLabel("Specification");
    await text.fill("name: x\ndependencies:\n  - ");
    await text.pressSequentially("nump");
    await page.getByRole("button", { name: "numpy", exact: true }).waitFor();
    expect(await page.getByRole("button", { name: "scipy", exact: true }).count()).toBe(0);
    // What it is stands beside it, as text and in one line, also where there is little room.
    const wide = page.viewportSize() ?? { width: 1280, height: 844 };
    for (const size of [{ width: 390, height: 844 }, wide]) {
      await page.setViewportSize(size);
      const box = await page.getByText("Arrays & <img src=x").first().boundingBox();
      expect(box?.height).toBeLessThan(30);
      expect(box?.width).toBeGreaterThan(100);
    }
    expect(await page.title()).not.toBe("run");
    expect(await manners(page, "completion-of-names")).toEqual([]);
    await page.keyboard.press("Alt+ArrowDown");
    await page.keyboard.press("Enter");
    await expect.poll(() => text.inputValue(), PATIENCE).toBe("name: x\ndependencies:\n  - numpy");
    await page.waitForFunction(() => document.activeElement?.tagName === "TEXTAREA");
    await page.keyboard.type("=1.");
    await page.getByRole("button", { name: "1.9", exact: true }).waitFor();
    expect(await page.locator(".suggestions button").allTextContents()).toEqual(["1.10", "1.9"]);
    expect(await manners(page, "completion")).toEqual([]);
    await page.getByRole("button", { name: "1.10", exact: true }).click();
    await expect.poll(() => text.inputValue(), PATIENCE).toBe("name: x\ndependencies:\n  - numpy=1.10");
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("says that it is offline, keeps what is typed, and sends it when the network is back", async () => {
    const { page } = await visit(site, ADMIN);
    await page.goto(`${site.url}new`);
    await page.getByLabel("Specification").fill("name: patient\ndependencies: []\n");
    await page.context().setOffline(true);
    await page.getByText("You are offline.").waitFor();
    await page.getByRole("button", { name: "Build", exact: true }).click();
    await page.getByRole("alert").getByText("The server cannot be reached.").waitFor();
    // A page whose script is not here yet says so.
    await page.getByRole("link", { name: "Namespaces" }).click();
    await page.getByText("This part of the page could not be loaded").waitFor();
    await page.goBack();
    expect(await page.getByLabel("Specification").inputValue()).toBe("name: patient\ndependencies: []\n");

    await page.context().setOffline(false);
    await page.getByText("You are offline.").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Build", exact: true }).click();
    await page.getByRole("heading", { name: "alice/patient" }).waitFor();
    await page.context().close();
  });
});
