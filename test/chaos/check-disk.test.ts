import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Environment } from "#core/environment/environment.ts";
import { ENVIRONMENT_LINK, linkPath } from "#core/layout.ts";
import { newEnvironment } from "#test/kit/builds.ts";
import { faultsOfDirectory, faultsOfLinks } from "./check-disk.ts";

let store: string;
beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), "check-disk-"));
});
afterEach(() => rmSync(store, { recursive: true, force: true }));

/** A directory with one package of one file. */
function environmentAt(name: string): string {
  const directory = join(store, "team", name);
  mkdirSync(join(directory, "conda-meta"), { recursive: true });
  writeFileSync(join(directory, "conda-meta", "history"), "");
  writeFileSync(join(directory, "conda-meta", "a-1-0.json"), JSON.stringify({ files: ["a"] }));
  writeFileSync(join(directory, "a"), "");
  return directory;
}

test("a whole directory has no fault; one without a file of its packages, or without packages, has", async () => {
  const whole = environmentAt("whole");
  const half = environmentAt("half");
  rmSync(join(half, "a"));
  const empty = environmentAt("empty");
  rmSync(join(empty, "conda-meta", "a-1-0.json"));

  expect(await faultsOfDirectory(whole)).toBeNull();
  expect(await faultsOfDirectory(half)).toMatch(/a of a-1-0.json is missing/);
  expect(await faultsOfDirectory(empty)).toMatch(/has no packages/);
  expect(await faultsOfDirectory(join(store, "nowhere"))).toMatch(/is no environment/);
});

test("a file that is not the one of its package is a fault", async () => {
  const directory = environmentAt("changed");
  const sha256 = createHash("sha256").update("").digest("hex");
  const paths = [{ _path: "a", path_type: "hardlink", sha256 }];
  const record = join(directory, "conda-meta", "a-1-0.json");
  writeFileSync(record, JSON.stringify({ files: ["a"], paths_data: { paths } }));

  expect(await faultsOfDirectory(directory)).toBeNull();
  writeFileSync(join(directory, "a"), "other");
  expect(await faultsOfDirectory(directory)).toMatch(/a of a-1-0.json has the checksum/);
});

test("a link is faulty unless it leads to the directory that is wanted, which is there", () => {
  const link = join(store, linkPath("team", "demo", ENVIRONMENT_LINK));
  mkdirSync(join(link, ".."), { recursive: true });
  const wanting = (buildKey: string | null): Environment => ({
    ...newEnvironment(),
    link: { version: 1, buildKey },
  });

  expect(faultsOfLinks(store, [wanting("new")])).toHaveLength(1);
  symlinkSync(environmentAt("new"), link);
  expect(faultsOfLinks(store, [wanting("new")])).toEqual([]);
  expect(faultsOfLinks(store, [wanting("newer")])).toHaveLength(1);
  expect(faultsOfLinks(store, [wanting(null)])).toHaveLength(1);
  rmSync(join(store, "team", "new"), { recursive: true });
  expect(faultsOfLinks(store, [wanting("new")])).toHaveLength(1);
});
