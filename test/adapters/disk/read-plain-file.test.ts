import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readPlainFile } from "#adapters/disk/read-plain-file.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "plain-file-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it("gives the beginning of a regular file", async () => {
  writeFileSync(join(root, "file"), "0123456789");
  expect(await readPlainFile(join(root, "file"), 100)).toBe("0123456789");
  expect(await readPlainFile(join(root, "file"), 4)).toBe("0123");
});

it("follows no link, waits for no writer of a pipe, and reads no directory", async () => {
  writeFileSync(join(root, "secret"), "secret");
  symlinkSync("secret", join(root, "link"));
  execFileSync("mkfifo", [join(root, "pipe")]);
  mkdirSync(join(root, "directory"));
  for (const name of ["link", "pipe", "directory", "nothing"]) {
    expect(await readPlainFile(join(root, name), 100), name).toBeNull();
  }
});
