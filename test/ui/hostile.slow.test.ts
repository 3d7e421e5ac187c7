import { beforeAll, describe, expect, it } from "vitest";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { putPackages } from "#adapters/dynamodb/packages.ts";
import { joinLog, writeLogChunk } from "#adapters/s3/logs.ts";
import type { LogLine } from "#core/build/log-line.ts";
import { archiveKey } from "#core/layout.ts";
import type { InstalledPackage } from "#core/lock/installed-package.ts";
import { bearer, put } from "#test/kit/api.ts";
import { CHROMIUM, useSite } from "#test/kit/browser.ts";
import { manners } from "#test/kit/manners.ts";
import { JOURNEY, visit } from "#test/kit/site-visitor.ts";
import { building, complete, completedResult, sha256Of, submission } from "#test/kit/submissions.ts";

const ADMIN = { "*/*": ["admin"] } as const;
/** If any of it became part of the page, there would be an element of this kind. */
const MARKUP = `<marquee onstart="alert(1)">"'&lt;</marquee><script>alert(1)</script>`;
const LONG = "x".repeat(255);
const PACKAGES = 500;
const LINES = 20_000;
const LINE = "y".repeat(100);

describe.skipIf(CHROMIUM === null)("what strangers wrote, in a real Chromium", JOURNEY, () => {
  const site = useSite();
  let id = 0;

  beforeAll(async () => {
    const { db, bucket } = site.api.services;
    const spec = { name: LONG, channels: [LONG, MARKUP], dependencies: [MARKUP, { pip: [MARKUP] }] };
    const sha256 = sha256Of("hostile");
    const specification = { sha256, document: sha256, name: LONG, spec, isLockfile: false };
    const description = `${MARKUP} ${LONG}`;
    const begun = await building(
      db,
      "worker",
      submission({
        namespace: "n".repeat(255),
        environment: LONG,
        specification,
        description,
        at: new Date(),
      }),
    );
    id = begun.id;
    const lockDigest = sha256Of("lock of hostile");
    const packages = Array.from(
      { length: PACKAGES },
      (_, index): InstalledPackage => ({
        manager: "conda",
        name: index === 0 ? LONG : `package-${index}`,
        version: index === 0 ? LONG : "1",
        build: "0",
        channel: `https://example.org/${index === 0 ? LONG : "channel"}`,
        subdir: "linux-64",
        license: index === 0 ? LONG : MARKUP,
        summary: MARKUP,
        sha256: sha256Of(String(index)),
        sizeBytes: index + 1,
      }),
    );
    await putPackages(db, lockDigest, packages);
    const line = (text: string): LogLine => ({
      at: new Date().toISOString(),
      step: "",
      stream: "stderr",
      text,
    });
    const lines = Array.from({ length: LINES }, (_, index) => line(`${index} ${LINE}`));
    const half = LINES / 2;
    await writeLogChunk(bucket, id, begun.attempt, 0, [
      line(MARKUP),
      line(LONG.repeat(10)),
      ...lines.slice(0, half),
    ]);
    await writeLogChunk(bucket, id, begun.attempt, 1, [...lines.slice(half), line(MARKUP)]);
    const log = await joinLog(bucket, id, begun.attempt);
    const archive = { type: "CONDA_PACK", key: archiveKey(lockDigest), sizeBytes: 1 } as const;
    await complete(db, begun, completedResult({ lockDigest, artifacts: [archive, log] }));
  });

  it("is shown as it was written, however long, and is nothing but text", async () => {
    const { page, faults } = await visit(site, ADMIN);
    const at = `${"n".repeat(255)}/${LONG}`;
    const views = [
      { name: "hostile-list", path: "", shows: MARKUP },
      { name: "hostile-environment", path: at, shows: MARKUP },
      { name: "hostile-packages", path: `${at}?view=packages`, shows: `${PACKAGES} packages` },
      { name: "hostile-history", path: `${at}?view=history`, shows: `Build ${id}` },
      { name: "hostile-namespace", path: `namespace?namespace=${"n".repeat(255)}`, shows: "What it holds" },
    ];
    const found: string[] = [];
    for (const { name, path, shows } of views) {
      await page.goto(`${site.url}${path}`);
      await page.getByText(shows).first().waitFor();
      found.push(...(await manners(page, name)));
      expect(await page.locator("marquee, script:not([src])").count()).toBe(0);
    }
    expect(found).toEqual([]);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("may be a log of megabytes: its end is shown, all of it is searched, and few requests bring it", async () => {
    const { page, faults } = await visit(site, ADMIN);
    const before = site.requests.length;
    await page.goto(`${site.url}${"n".repeat(255)}/${LONG}?build=${id}`);
    await page.getByText(MARKUP).last().waitFor();
    await page.getByText("The first 17,003 lines are not shown here.").waitFor();
    const asked = site.requests.slice(before).filter((request) => request.includes("/logs"));
    expect(asked.length).toBeLessThanOrEqual(5);
    await page.getByLabel("Search the log").fill("12345 ");
    await page.getByText("1 line", { exact: true }).waitFor();
    await page.getByText(`12345 ${LINE}`).waitFor();
    await page.getByLabel("Search the log").fill("marquee");
    await page.getByText("2 lines", { exact: true }).waitFor();
    expect(await manners(page, "hostile-build")).toEqual([]);
    expect(await page.locator("marquee, script:not([src])").count()).toBe(0);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("may be the reason of a failure and a setting's value", async () => {
    const { db } = site.api.services;
    const { id: failed, attempt } = await building(db, "worker", { namespace: "team", environment: "bad" });
    const reason = `${MARKUP}\n${LONG}`;
    const fail = { name: "fail", by: "finish", at: new Date(), attempt, reason, artifacts: [] } as const;
    expect(await makeMove(db, failed, fail)).toMatchObject({ won: true });
    const set = await site.api.request("/api/v1/setting/team/", {
      ...put({ pypi_default_packages: [LONG] }),
      headers: { ...bearer(await site.api.token(ADMIN)), "content-type": "application/json" },
    });
    expect(set.status).toBe(200);
    const { page, faults } = await visit(site, ADMIN);
    await page.goto(`${site.url}team/bad?build=${failed}`);
    await page.getByText(MARKUP).first().waitFor();
    expect(await manners(page, "hostile-failed")).toEqual([]);
    await page.goto(`${site.url}settings?namespace=team`);
    await page.getByText(LONG).waitFor();
    expect(await manners(page, "hostile-settings")).toEqual([]);
    expect(await page.locator("marquee, script:not([src])").count()).toBe(0);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
