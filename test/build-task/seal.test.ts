import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type PrefixPackage, pythonMinor, readPrefix } from "#build-task/prefix.ts";
import { type SealInput, seal } from "#build-task/steps/seal.ts";
import type { StepContext, Task } from "#build-task/task.ts";

let prefix: string;
let lines: string[];

beforeEach(() => {
  prefix = mkdtempSync(join(tmpdir(), "seal-"));
  lines = [];
});
afterEach(() => rmSync(prefix, { recursive: true, force: true }));

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");
function write(path: string, text: string): void {
  mkdirSync(dirname(join(prefix, path)), { recursive: true });
  writeFileSync(join(prefix, path), text);
}
/** A package's record as engines write it, and its files. */
function install(name: string, files: Readonly<Record<string, string>>, more: object = {}): void {
  for (const [path, text] of Object.entries(files)) write(path, text);
  const paths = Object.entries(files).map(([path, text]) => ({
    _path: path,
    path_type: "hardlink",
    sha256: hashOf(text),
    size_in_bytes: text.length,
  }));
  const record = {
    name,
    version: "1.0",
    build: "0",
    build_number: 0,
    files: Object.keys(files),
    paths_data: { paths },
  };
  write(`conda-meta/${name}-1.0-0.json`, JSON.stringify({ ...record, ...more }));
}
async function sealed(input: Partial<SealInput> = {}): Promise<void> {
  const installed = await readPrefix(prefix);
  const task = { paths: { prefix } } as unknown as Task;
  const step = {
    name: "seal",
    signal: new AbortController().signal,
    line: (text: string) => void lines.push(text),
  } as unknown as StepContext;
  await seal(task, step, { installed, scripted: [], hasPip: false, ...input });
}

describe("a prefix", () => {
  it("is as its packages say", async () => {
    install("zlib", { "lib/libz.so": "zlib", "include/zlib.h": "header" });
    await sealed();
    expect(lines.at(-1)).toMatch(/^2 files of 1 packages checked/);
  });

  it("may hold a relocated file, whose hash in this prefix counts", async () => {
    install("tool", { "bin/tool": "original" });
    write("bin/tool", "relocated");
    const paths = [
      {
        _path: "bin/tool",
        path_type: "hardlink",
        sha256: hashOf("original"),
        sha256_in_prefix: hashOf("relocated"),
      },
    ];
    install("tool", {}, { files: ["bin/tool"], paths_data: { paths } });
    await sealed();
  });

  it("may hold links, byte code made anew, and what the installer made, which have no hash", async () => {
    install("noarch", { "lib/a.pyc": "shipped" });
    write("lib/a.pyc", "made anew");
    write("bin/entry", "#!/bin/python");
    symlinkSync("/nowhere", join(prefix, "lib", "dangling"));
    const paths = [
      { _path: "lib/a.pyc", path_type: "hardlink", sha256: hashOf("shipped") },
      { _path: "lib/dangling", path_type: "softlink", sha256: hashOf("target") },
      { _path: "bin/entry", path_type: "unix_python_entry_point" },
    ];
    install("noarch", {}, { files: ["bin/more"], paths_data: { paths } });
    await sealed();
  });

  it.each([
    ["has other bytes", () => write("lib/libz.so", "evil"), /lib\/libz\.so of zlib has other bytes/],
    ["is missing", () => rmSync(join(prefix, "lib/libz.so")), /lib\/libz\.so of zlib is missing/],
  ])("is refused when a file %s, naming file and package", async (_what, spoil, message) => {
    install("zlib", { "lib/libz.so": "zlib" });
    spoil();
    await expect(sealed()).rejects.toThrow(message);
    await expect(sealed({ scripted: ["other"] })).rejects.toThrow(message);
  });

  it("may differ where a package's own script ran, or pip, with a warning", async () => {
    install("zlib", { "lib/libz.so": "zlib" });
    write("lib/libz.so", "changed");
    await sealed({ scripted: ["zlib"] });
    expect(lines).toContainEqual(expect.stringMatching(/^warning: lib\/libz\.so of zlib has other bytes/));
    await sealed({ hasPip: true });
  });

  it("has one of the two files where two packages have it, with a warning", async () => {
    install("first", { "share/both": "first" });
    install("second", { "share/both": "second" });
    await sealed();
    expect(lines[0]).toMatch(/^warning: first and second both have share\/both/);
    write("share/both", "neither");
    await expect(sealed()).rejects.toThrow(/share\/both of first and second has other bytes/);
  });
});

it("a prefix tells which python it has", async () => {
  install("python", {}, { version: "3.12.4" });
  expect(pythonMinor(await readPrefix(prefix))).toBe("3.12");
  expect(pythonMinor([{ name: "perl", version: "5.1" } as PrefixPackage])).toBeNull();
});
