import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { copyToDisk } from "#build-task/steps/publish.ts";
import { pathsOf, type StepContext } from "#build-task/task.ts";
import { newBuild } from "#test/kit/builds.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "publish-"));
  for (const name of ["store", "disk", "work"]) mkdirSync(join(root, name));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const build = newBuild(7);
const pathsOfAttempt = (attempt: number) =>
  pathsOf(
    {
      ...{ storeDirectory: join(root, "store"), diskDirectory: join(root, "disk") },
      ...{ workDirectory: join(root, "work"), allowedPrivateHosts: [], packPython: "" },
      ...{ channelSecrets: "", repodataMinutesMax: 60, maxAttemptMinutes: 1 },
    },
    build,
    attempt,
  );
const copyOfAttempt = (attempt: number) => {
  const { copy } = pathsOfAttempt(attempt);
  if (copy === null) throw new Error("nothing is copied");
  return copy;
};
const step = { signal: new AbortController().signal, line: () => {} } as unknown as StepContext;

test("a copy removes those of attempts before it, and neither one that followed nor what has its name already", async () => {
  const copies = [1, 2, 3, 10].map(copyOfAttempt);
  for (const { publishing } of copies) mkdirSync(join(publishing, "half"), { recursive: true });
  const [first, own] = [copyOfAttempt(1), copyOfAttempt(2)];
  const { prefix } = pathsOfAttempt(2);
  mkdirSync(first.published);
  mkdirSync(join(root, "disk", "team", ".key-of-another.copy"));
  mkdirSync(join(prefix, "conda-meta"), { recursive: true });
  writeFileSync(join(prefix, "conda-meta", "history"), "");

  await copyToDisk(prefix, own, step);

  expect(copies.map(({ publishing }) => existsSync(publishing))).toEqual([false, true, true, true]);
  expect(existsSync(join(own.publishing, "half"))).toBe(false);
  expect(existsSync(first.published)).toBe(true);
  expect(existsSync(join(root, "disk", "team", ".key-of-another.copy"))).toBe(true);
});

test("no two attempts at a build have a path in common", () => {
  const all = [1, 2, 11].flatMap((attempt) => {
    const { prefix, work } = pathsOfAttempt(attempt);
    const { published, publishing } = copyOfAttempt(attempt);
    return [prefix, work, published, publishing];
  });
  expect(new Set(all).size).toBe(all.length);
});
