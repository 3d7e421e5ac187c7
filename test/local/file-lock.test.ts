import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { withFileLock } from "#local/file-lock.ts";

const directory = mkdtempSync(join(tmpdir(), "conda-store-lock-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("work under one lock never overlaps, and whoever waits is told once", async () => {
  const file = join(directory, "one");
  let inside = 0;
  let most = 0;
  let waits = 0;
  const work = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
  };

  await Promise.all([1, 2, 3].map(() => withFileLock(file, work, () => (waits += 1))));

  expect([most, waits]).toEqual([1, 2]);
  expect(existsSync(file)).toBe(false);
});

test("the lock of a process that has died is nobody's", async () => {
  const file = join(directory, "stale");
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  writeFileSync(file, String(pid));

  expect(await withFileLock(file, async () => "done")).toBe("done");
});

test("a failure lets go of the lock", async () => {
  const file = join(directory, "failed");

  await expect(withFileLock(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");

  expect(existsSync(file)).toBe(false);
});
