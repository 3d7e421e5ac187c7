import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { joinLog, writeLogChunk } from "#adapters/s3/logs.ts";
import { putObject } from "#adapters/s3/objects.ts";
import type { LogLine } from "#core/build/log-line.ts";
import { archiveKey, exportKey, lockKey } from "#core/layout.ts";
import { DUMMY_PASSWORD } from "#test/kit/api.ts";
import { CHROMIUM, type Site, useSite } from "#test/kit/browser.ts";
import { manners } from "#test/kit/manners.ts";
import { JOURNEY } from "#test/kit/site-visitor.ts";
import { complete, completedResult, dispatched, sha256Of } from "#test/kit/submissions.ts";

const DIGEST = sha256Of("journey");
const SPECIFICATION = `name: analysis
description: Numbers for everybody
channels:
  - conda-forge
dependencies:
  - python=3.12
  - numpy >=2
`;

const lines = (step: string, ...texts: readonly string[]): LogLine[] =>
  texts.map((text) => ({ at: new Date().toISOString(), step, stream: "stdout", text }));

async function logIn(page: Page, user = "alice"): Promise<void> {
  await page.getByLabel("User name").fill(user);
  await page.getByLabel("Password").fill(DUMMY_PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** The id in the address of the build that the page shows. */
const shownBuild = (page: Page): number => Number(new URL(page.url()).searchParams.get("build"));

/** Plays the worker: takes the build and writes its first lines. */
async function startBuild({ api: { services } }: Site, id: number): Promise<number> {
  await dispatched(services.db, id);
  const claim = await claimBuild(services.db, id, "worker", new Date());
  if (!claim.won) throw new Error(claim.why);
  await writeLogChunk(services.bucket, id, claim.attempt, 0, [
    ...lines("", "starting build of conda environment"),
    ...lines("solve", "solving for linux-64", "42 packages"),
  ]);
  return claim.attempt;
}

async function completeBuild({ api: { services } }: Site, id: number, attempt: number): Promise<void> {
  const { db, bucket } = services;
  await putObject(bucket, archiveKey(DIGEST), "archive", { contentType: "application/gzip" });
  const log = await joinLog(bucket, id, attempt);
  const artifacts = [
    { type: "LOCKFILE", key: lockKey(DIGEST), sizeBytes: 1 },
    { type: "YAML", key: exportKey(DIGEST), sizeBytes: 1 },
    { type: "CONDA_PACK", key: archiveKey(DIGEST), sizeBytes: 7 },
    log,
  ] as const;
  const result = completedResult({ sizeBytes: 537_000_000, artifacts });
  await complete(db, { id, attempt }, result);
}

describe.skipIf(CHROMIUM === null)("the page in a real Chromium", JOURNEY, () => {
  const site = useSite();

  it("leads from a pasted specification to its files, through a login, with the log live", async () => {
    const { page, faults } = await site.open();
    await page.goto(site.url);
    await page.getByRole("navigation").getByRole("link", { name: "New environment" }).click();
    await page.getByLabel("Specification").fill(SPECIFICATION);
    await page.getByLabel("Namespace").fill("team");

    // Nobody is logged in: the text survives the login.
    await page.getByRole("button", { name: "Build", exact: true }).click();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await page.getByLabel("User name").fill("alice");
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").getByText("Invalid authentication credentials").waitFor();
    await logIn(page);
    await page.getByRole("heading", { name: "New environment" }).waitFor();
    expect(await page.getByLabel("Specification").inputValue()).toBe(SPECIFICATION);
    expect(await page.getByLabel("Namespace").inputValue()).toBe("team");

    await page.getByRole("button", { name: "Build", exact: true }).click();
    await page.getByRole("heading", { name: "team/analysis" }).waitFor();
    await page.getByText("Queued", { exact: true }).waitFor();
    const id = shownBuild(page);

    const attempt = await startBuild(site, id);
    await page.getByText("42 packages").waitFor();
    await page.getByText("Building", { exact: true }).waitFor();
    await writeLogChunk(site.api.services.bucket, id, attempt, 1, lines("install", "linking numpy"));
    await page.getByText("linking numpy").waitFor();

    await completeBuild(site, id, attempt);
    await page.getByText("Completed", { exact: true }).waitFor();
    await page.getByText("537 MB").waitFor();
    const archive = page.getByRole("link", { name: /^Archive/ });
    const download = await page.request.get(String(await archive.getAttribute("href")));
    expect(await download.text()).toBe("archive");
    expect(await page.getByRole("link", { name: /^(Lockfile|YAML|Log)/ }).count()).toBe(3);
    expect(await page.getByText("Numbers for everybody").first().isVisible()).toBe(true);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("keeps what was typed when the login ends before it is sent", async () => {
    const { page, faults } = await site.open();
    await page.goto(`${site.url}login?next=/ui/new`);
    await logIn(page);
    await page.getByLabel("Specification").fill("name: kept\n");

    await page.context().clearCookies();
    await page.getByRole("button", { name: "Build", exact: true }).click();
    await page.getByText("Your login has ended. Log in again: what you typed is kept.").waitFor();
    await page.reload();
    await logIn(page);

    await page.getByRole("heading", { name: "New environment" }).waitFor();
    expect(await page.getByLabel("Specification").inputValue()).toBe("name: kept\n");
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("shows every fault of a refused specification in the server's words, and keeps the text", async () => {
    const { page, faults } = await site.open();
    await page.goto(`${site.url}login?next=/ui/new`);
    await logIn(page);
    const text = "channels: 1\ndependencies: ['numpy==']\n";
    await page.getByLabel("Specification").fill(text);

    await page.getByRole("button", { name: "Build", exact: true }).click();

    const alert = page.getByRole("alert");
    await alert.getByText("The specification was not accepted").waitFor();
    expect(await alert.getByRole("listitem").allTextContents()).toEqual([
      "Input should be a valid list (type=list_type, loc=('channels',))",
      expect.stringContaining("Invalid conda package dependency specification numpy=="),
      "Field required (type=missing, loc=('name',))",
    ]);
    expect(await page.getByLabel("Specification").inputValue()).toBe(text);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("finds environments while one types, and says so when there is none", async () => {
    const { page, faults } = await site.open();
    await page.goto(`${site.url}login`);
    await logIn(page);
    await page.getByRole("link", { name: /team\/\s*analysis/ }).waitFor();

    await page.getByLabel("Search by namespace or name").pressSequentially("nowhere");
    await page.getByText("No environment's name has “nowhere” in it.").waitFor();
    await page.getByLabel("Search by namespace or name").fill("analy");
    await page.getByRole("link", { name: /team\/\s*analysis/ }).click();

    await page.getByRole("heading", { name: "team/analysis" }).waitFor();
    await page.goBack();
    expect(await page.getByLabel("Search by namespace or name").inputValue()).toBe("analy");
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("says why a build failed, and lets its specification be changed and built again", async () => {
    const { page, faults } = await site.open();
    await page.goto(`${site.url}login?next=/ui/new`);
    await logIn(page);
    await page
      .getByLabel("Specification")
      .fill("name: broken\ndependencies: [nosuch, {pip: [x]}]\nvariables: {A: 'yes'}\n");
    await page.getByRole("button", { name: "Build", exact: true }).click();
    await page.getByText("Queued", { exact: true }).waitFor();
    const id = shownBuild(page);
    const attempt = await startBuild(site, id);
    const reason = "nosuch is in none of the channels: look for its name.";
    await makeMove(site.api.services.db, id, {
      name: "fail",
      by: "finish",
      at: new Date(),
      attempt,
      reason,
      artifacts: [],
    });

    await page.getByText("Failed", { exact: true }).waitFor();
    await page.getByText(reason).first().waitFor();
    await page.getByRole("link", { name: "Change and build again" }).click();
    await page.getByRole("heading", { name: `Change build ${id}` }).waitFor();
    const field = page.getByLabel("Specification");
    await page.waitForFunction(() => document.querySelector("textarea")?.value !== "");
    expect(await page.getByLabel("Namespace").inputValue()).toBe("alice");
    await field.fill((await field.inputValue()).replace("nosuch", "numpy"));
    await page.getByRole("button", { name: "Compare with the build" }).click();
    const difference = page.getByRole("region", { name: "What you changed" });
    expect(await difference.locator(".removed").textContent()).toContain("- nosuch");
    expect(await difference.locator(".added").textContent()).toContain("- numpy");
    await page.getByRole("button", { name: "Build", exact: true }).click();

    await page.getByText(`This is not the current build, which is build ${id}.`).waitFor();
    expect(shownBuild(page)).toBeGreaterThan(id);
    await page.getByRole("heading", { name: "Specification" }).waitFor();
    expect(await page.getByRole("region", { name: "Specification" }).locator("pre").textContent()).toBe(
      'name: broken\nchannels:\n  - conda-forge\ndependencies:\n  - numpy\n  - pip:\n      - x\nvariables:\n  A: "yes"\n',
    );
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("asks nothing while it is hidden, and goes on where it was", async () => {
    const { page, faults } = await site.open();
    await page.clock.install();
    await page.goto(`${site.url}login?next=/ui/new`);
    await logIn(page);
    await page.getByLabel("Specification").fill("name: hidden\n");
    await page.getByRole("button", { name: "Build", exact: true }).click();
    await page.getByText("Queued", { exact: true }).waitFor();
    const id = shownBuild(page);
    const attempt = await startBuild(site, id);
    await page.getByText("42 packages").waitFor();
    const turn = (state: "hidden" | "visible"): Promise<void> =>
      page.evaluate((visibilityState) => {
        Object.defineProperty(document, "visibilityState", { value: visibilityState, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, state);

    await turn("hidden");
    const before = site.requests.length;
    await writeLogChunk(site.api.services.bucket, id, attempt, 1, lines("install", "unseen"));
    await page.clock.runFor(120_000);
    expect(site.requests.slice(before)).toEqual([]);

    await turn("visible");
    await page.getByText("unseen").waitFor();
    expect(await page.getByText("42 packages").count()).toBe(1);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("says of an address where nothing is that nothing is there", async () => {
    const { page } = await site.open();
    await page.goto(`${site.url}login?next=/ui/team/nowhere`);
    await logIn(page);
    await page.getByRole("heading", { name: "There is nothing here" }).waitFor();

    await page.goto(`${site.url}a/b/c`);
    await page.getByRole("heading", { name: "There is nothing here" }).waitFor();

    await page.goto(`${site.url}team/analysis?build=999999`);
    await page.getByRole("alert").getByText("build id does not exist").waitFor();
    await page.context().close();
  });

  it("can be used by keyboard alone", async () => {
    const { page, faults } = await site.open();
    await page.goto(`${site.url}login`);
    await page.getByLabel("User name").focus();
    await page.keyboard.type("alice");
    await page.keyboard.press("Tab");
    await page.keyboard.type(DUMMY_PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: /team\/\s*analysis/ }).waitFor();

    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");

    await page.getByRole("heading", { name: "New environment" }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
    expect(await page.title()).toBe("New environment – conda-store");
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("has manners wherever one may be", async () => {
    const { page, faults } = await site.open();
    const found: string[] = [];
    const look = async (what: string): Promise<void> => {
      found.push(...(await manners(page, what)));
    };
    await page.goto(`${site.url}login`);
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await page.getByLabel("User name").waitFor();
    await look("login");
    await logIn(page, "a-user-with-a-name-as-long-as-this");
    await page.getByRole("link", { name: /team\/\s*analysis/ }).waitFor();
    await look("list-first");
    await page.getByRole("link", { name: /team\/\s*analysis/ }).click();
    await page.getByRole("heading", { name: "Use it" }).waitFor();
    await look("environment-first");
    await page.getByRole("link", { name: /^Current build/ }).click();
    await page.getByText("linking numpy").waitFor();
    await look("build");
    await page.goto(`${site.url}alice/broken`);
    await page.getByText("nosuch is in none").first().waitFor();
    await look("failed");
    await page.goto(`${site.url}nowhere/at/all`);
    await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    await look("not-found");
    await page.goto(`${site.url}new`);
    await page.getByRole("button", { name: "Insert an example" }).click();
    await look("new");
    await page
      .getByLabel("Specification")
      .fill(`name: a b\nchannels: ['https://u:p@${"x".repeat(90)}.org/y']\ndependencies: [1]`);
    await page.getByRole("button", { name: "Build", exact: true }).click();
    await page.getByRole("alert").waitFor();
    await look("refused");
    expect(found).toEqual([]);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
