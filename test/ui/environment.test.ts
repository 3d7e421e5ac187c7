import { describe, expect, it } from "vitest";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { putPackages } from "#adapters/dynamodb/packages.ts";
import { archiveKey, exportKey, lockKey } from "#core/layout.ts";
import type { InstalledPackage } from "#core/lock/installed-package.ts";
import { CHROMIUM, useSite } from "#test/kit/browser.ts";
import { manners } from "#test/kit/manners.ts";
import { JOURNEY, visit } from "#test/kit/site-visitor.ts";
import { building, completedResult, sha256Of, submission } from "#test/kit/submissions.ts";

const installed = (
  name: string,
  version: string,
  { subdir = "noarch", sizeBytes = null as number | null } = {},
): InstalledPackage => ({
  manager: "conda",
  name,
  version,
  build: "0",
  channel: "https://conda.anaconda.org/conda-forge",
  subdir,
  license: "MIT",
  summary: `What ${name} does`,
  sha256: sha256Of(`${name} ${version}`),
  sizeBytes,
});

describe.skipIf(CHROMIUM === null)("an environment, in a real Chromium", JOURNEY, () => {
  const site = useSite();

  async function build(
    dependencies: readonly string[],
    packages: readonly InstalledPackage[],
  ): Promise<number> {
    const { db } = site.api.services;
    const spec = { name: "demo", channels: ["conda-forge"], dependencies: [...dependencies] };
    const sha256 = sha256Of(JSON.stringify(spec));
    const specification = { sha256, document: sha256, name: "demo", spec, isLockfile: false };
    const { id, attempt } = await building(db, "worker", submission({ specification, at: new Date() }));
    const lockDigest = sha256Of(`lock of ${id}`);
    await putPackages(db, lockDigest, packages);
    const artifacts = [
      { type: "LOCKFILE", key: lockKey(lockDigest), sizeBytes: 10 },
      { type: "YAML", key: exportKey(lockDigest), sizeBytes: 10 },
      { type: "CONDA_PACK", key: archiveKey(lockDigest), sizeBytes: 1_000 },
      { type: "DIRECTORY", key: `/opt/conda-store/team/key-${id}`, sizeBytes: 5_000 },
    ] as const;
    const result = completedResult({ sizeBytes: 5_000_000, lockDigest, artifacts });
    const outcome = await makeMove(db, id, {
      name: "complete",
      by: "finish",
      at: new Date(),
      attempt,
      result,
    });
    if (!outcome.won) throw new Error(outcome.why);
    return id;
  }

  const ADMIN = { "*/*": ["admin"] } as const;
  let first = 0;
  let second = 0;

  it("tells how to use it, which packages it has and why, and what any two builds changed", async () => {
    first = await build(
      ["numpy", "old"],
      [installed("numpy", "1.9.0"), installed("old", "1.0"), installed("libx", "3")],
    );
    second = await build(
      ["numpy >=2", "new"],
      [installed("numpy", "2.10.0"), installed("new", "1"), installed("libx", "3")],
    );
    const { page, faults } = await visit(site, ADMIN);
    await page.goto(`${site.url}team/demo`);
    await page.getByRole("heading", { name: "Use it" }).waitFor();
    expect(await page.getByRole("region", { name: "Run a program in it" }).textContent()).toContain(
      "conda-store run team/demo -- python",
    );
    await page.getByText("Use it from the shared disk").click();
    await page.getByText(`conda activate /opt/conda-store/team/key-${second}`).waitFor();
    expect(await manners(page, "environment")).toEqual([]);

    await page.getByRole("link", { name: "Packages" }).click();
    await page.getByRole("row", { name: /numpy 2\.10\.0 numpy >=2/ }).waitFor();
    await page.getByRole("row", { name: /libx 3 as a dependency/ }).waitFor();
    expect(await manners(page, "packages")).toEqual([]);
    await page.getByLabel("Search packages").fill("lib");
    await page.getByText("1 package", { exact: true }).waitFor();

    await page.getByRole("link", { name: "History" }).click();
    await page.getByRole("link", { name: `since build ${first}` }).click();
    await page.getByRole("heading", { name: `From build ${first} to build ${second}` }).waitFor();
    for (const change of ["new 1", "old 1.0", "numpy 1.9.0 → 2.10.0"])
      await page.getByRole("listitem").filter({ hasText: change }).waitFor();
    await page.getByRole("heading", { name: /^Newer/ }).waitFor();
    await page
      .getByText(`Build ${first} was asked for by tester. Build ${second} was asked for by tester.`)
      .waitFor();
    expect(
      await page.getByRole("region", { name: "Specification" }).locator(".added").allTextContents(),
    ).toEqual([expect.stringContaining("numpy >=2"), expect.stringContaining("new")]);
    expect(await page.getByText("libx").count()).toBe(0);
    // The address has all of it.
    await page.reload();
    await page.getByRole("heading", { name: `From build ${first} to build ${second}` }).waitFor();
    expect(await manners(page, "history")).toEqual([]);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("rolls back, pins, builds again, cancels, clones and deletes, each with what it will do said before", async () => {
    const { page, faults } = await visit(site, ADMIN);
    await page.goto(`${site.url}team/demo?build=${first}`);
    await page.getByText(`This is not the current build, which is build ${second}.`).waitFor();
    await page.getByRole("button", { name: "Make it current" }).click();
    await page.getByRole("button", { name: "Make it current" }).waitFor({ state: "detached" });
    expect(await page.getByText("This is not the current build").count()).toBe(0);
    await page.getByRole("button", { name: "Pin", exact: true }).click();
    await page.getByRole("button", { name: "Unpin" }).waitFor();

    await page.getByRole("button", { name: "Build again", exact: true }).click();
    await page.getByText("Queued", { exact: true }).waitFor();
    expect(await manners(page, "queued")).toEqual([]);
    await page.getByRole("button", { name: "Cancel the build" }).click();
    await page.getByText("Canceled", { exact: true }).waitFor();

    await page.goto(`${site.url}team/demo?build=${second}`);
    await page.getByRole("button", { name: "Delete this build" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("1 build", { exact: true }).waitFor();
    expect(await manners(page, "delete")).toEqual([]);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Delete this build");
    await page.keyboard.press("Enter");
    await dialog.getByText("1 build", { exact: true }).waitFor();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("link", { name: `Build ${first}` }).waitFor();
    expect(await page.getByRole("link", { name: `Build ${second}` }).count()).toBe(0);

    await page.goto(`${site.url}team/demo`);
    await page.getByRole("button", { name: "Clone" }).click();
    await dialog.getByLabel("Name of the clone").fill("copy");
    await dialog.getByLabel("The very same packages, instead of a new solve").uncheck();
    await dialog.getByRole("button", { name: "Clone" }).click();
    await page.getByRole("heading", { name: "alice/copy" }).waitFor();
    await page.getByText("Queued", { exact: true }).waitFor();

    await page.goto(`${site.url}team/demo`);
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    const remove = dialog.getByRole("button", { name: "Delete" });
    await dialog.getByLabel("Type demo to be sure").fill("dem");
    expect(await remove.isDisabled()).toBe(true);
    await dialog.getByLabel("Type demo to be sure").fill("demo");
    await remove.click();
    await page.getByRole("heading", { name: "Environments" }).waitFor();
    await page.getByRole("link", { name: /alice\/\s*copy/ }).waitFor();
    expect(await page.getByRole("link", { name: /team\/\s*demo/ }).count()).toBe(0);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("tells sizes, platform, licences and who asked, of any build of the environment", async () => {
    const sized = await build(
      ["numpy"],
      [
        installed("libblas", "3", { subdir: "linux-64", sizeBytes: 30_000_000 }),
        installed("numpy", "2", { subdir: "linux-64", sizeBytes: 8_000_000 }),
        installed("tool", "1"),
        ...Array.from({ length: 11 }, (_, i) => installed(`small-${i}`, "1", { sizeBytes: 1_000 })),
      ],
    );
    const newer = await build(["numpy"], [installed("numpy", "2")]);
    const { page, faults } = await visit(site, ADMIN);
    await page.goto(`${site.url}team/demo?build=${sized}`);
    await page.getByRole("heading", { name: "Where the bytes went" }).waitFor();
    await page.getByText("13 packages, 38.0 MB as fetched. The size of 1 package is not known.").waitFor();
    expect(
      await page.getByRole("list").filter({ hasText: "libblas" }).getByRole("listitem").allTextContents(),
    ).toEqual([
      "libblas30.0 MB",
      "numpy8.00 MB",
      ...["0", "1", "10", "2", "3", "4", "5", "6"].map((i) => `small-${i}1.00 kB`),
      "3 others3.00 kB",
    ]);
    expect(await page.getByRole("link", { name: /^Archive/ }).textContent()).toContain("1.00 kB");
    expect(await manners(page, "sizes")).toEqual([]);

    await page.getByRole("link", { name: "All packages" }).click();
    await page.getByText(`These are the packages of build ${sized}, which is not the current one.`).waitFor();
    await page
      .getByText("14 packages, 38.0 MB as fetched without 1 of unknown size, for linux-64", { exact: true })
      .waitFor();
    await page.getByLabel("Order").selectOption("By size, the largest first");
    expect(await page.getByRole("row").nth(1).textContent()).toContain("libblas");
    await page.getByRole("row", { name: /libblas 3 as a dependency 30\.0 MB conda-forge MIT/ }).waitFor();
    await page.getByRole("row").last().getByRole("cell", { name: "–" }).waitFor();
    expect(await manners(page, "packages-of-build")).toEqual([]);
    await page.getByLabel("Search packages or licenses").fill("mit");
    await page.getByText("14 packages").waitFor();
    await page.getByLabel("Search packages or licenses").fill("gpl");
    await page.getByText("No package has that in its name or license.").waitFor();

    await page.goto(`${site.url}team/demo`);
    const facts = page.getByRole("region", { name: `Current build ${newer}` });
    await facts.getByText("Platform").waitFor();
    await facts.getByText("tester").waitFor();
    expect(await facts.locator("dl").textContent()).toMatch(/Size5\.00 MB.*Packages1Platformany.*Bytester/);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("offers a viewer nothing that a viewer may not do, and tells a stranger nothing", async () => {
    const id = await build(["numpy"], [installed("numpy", "2")]);
    const viewer = await visit(site, { "team/*": ["viewer"] }, "vera");
    await viewer.page.goto(`${site.url}team/demo?build=${id}`);
    await viewer.page.getByRole("heading", { name: `Build ${id}` }).waitFor();
    await viewer.page.getByText("Completed", { exact: true }).waitFor();
    for (const name of ["Pin", "Build again", "Delete this build", "Make it current"])
      expect(await viewer.page.getByRole("button", { name, exact: true }).count()).toBe(0);
    expect(await viewer.page.getByRole("link", { name: "Change and build again" }).count()).toBe(0);
    await viewer.page.goto(`${site.url}team/demo`);
    await viewer.page.getByRole("button", { name: "Clone" }).waitFor();
    for (const name of ["Describe", "Delete"])
      expect(await viewer.page.getByRole("button", { name, exact: true }).count()).toBe(0);
    expect(viewer.faults).toEqual([]);

    const stranger = await visit(site, { "other/*": ["viewer"] }, "sam");
    const answers: (string | null)[] = [];
    for (const name of ["demo", "nothing"]) {
      await stranger.page.goto(`${site.url}team/${name}`);
      await stranger.page.getByRole("alert").waitFor();
      answers.push(await stranger.page.getByRole("alert").textContent());
    }
    expect(answers[0]).toBe(answers[1]);
    expect(await manners(stranger.page, "forbidden")).toEqual([]);
    expect(stranger.faults).toEqual([]);
    await viewer.page.context().close();
    await stranger.page.context().close();
  });
});
