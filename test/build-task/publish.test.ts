import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { copyToDisk } from "#build-task/steps/publish.ts";
import type { StepContext } from "#build-task/task.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "publish-"));
  mkdirSync(join(root, "prefix", "conda-meta"), { recursive: true });
  writeFileSync(join(root, "prefix", "conda-meta", "history"), "");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const copyOf = (attempt: number): string => join(root, "disk", `.key.${attempt}`);
const step = { signal: new AbortController().signal, line: () => {} } as unknown as StepContext;
const copyAs = (attempt: number): Promise<number> =>
  copyToDisk(join(root, "prefix"), { publishing: copyOf(attempt) }, step);

test("a copy removes those of attempts before it, and never one of an attempt that followed", async () => {
  for (const attempt of [1, 3, 10]) mkdirSync(copyOf(attempt), { recursive: true });
  mkdirSync(`${copyOf(1)}.replaced`);
  mkdirSync(join(root, "disk", ".key-of-another.1"));

  await copyAs(2);

  expect([1, 2, 3, 10].filter((attempt) => existsSync(copyOf(attempt)))).toEqual([2, 3, 10]);
  expect(existsSync(`${copyOf(1)}.replaced`)).toBe(false);
  expect(existsSync(join(root, "disk", ".key-of-another.1"))).toBe(true);
});
