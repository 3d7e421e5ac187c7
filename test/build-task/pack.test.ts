import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { ensurePythonTools } from "#local/python.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PLACEHOLDER = "/placeholder/of/a/package";
let python: string;
let root: string;

beforeAll(async () => {
  python = (await ensurePythonTools(ROOT, () => {})).python;
}, 300_000);
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "pack-"));
  write("prefix/conda-meta/history", "");
  write("prefix/share/tool/config", `${root}/prefix/etc\n`);
  write("cache/tool-1.0-0/share/tool/config", `${PLACEHOLDER}/etc\n`);
  write("secret/config", "a secret of the task\n");
  record("cache/tool-1.0-0", "share/tool/config");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** What the engine leaves, and what a link script may put in its place. */
function record(source: string, path: string): void {
  const paths = [{ _path: path, path_type: "hardlink", file_mode: "text", prefix_placeholder: PLACEHOLDER }];
  const base = { name: "tool", version: "1.0", build: "0", build_number: 0, noarch: "generic" };
  const link = { source: join(root, source), type: 1 };
  write("prefix/conda-meta/tool-1.0-0.json", JSON.stringify({ ...base, files: [path], link }));
  write(`${source}/info/paths.json`, JSON.stringify({ paths, paths_version: 1 }));
}

function pack(): { failure: string; text: string } {
  const args = [
    "-E",
    "-s",
    "-B",
    join(ROOT, "build-task/steps/pack.py"),
    join(root, "prefix"),
    join(root, "cache"),
  ];
  const packed = spawnSync(python, args, { env: { PATH: "/usr/bin:/bin", TMPDIR: root } });
  if (packed.status !== 0) return { failure: packed.stderr.toString(), text: "" };
  const read = spawnSync("tar", ["-xzOP", "--wildcards", "*share/*", "*secret*"], { input: packed.stdout });
  return { failure: "", text: read.stdout.toString() };
}

it("takes files with a prefix in them as their package has them, to be told the new place when unpacked", () => {
  expect(pack()).toEqual({ failure: "", text: `${PLACEHOLDER}/etc\n` });
});

it("reads nothing outside of prefix and package cache, whatever a record calls its source", () => {
  write("secret/share/tool/config", "a secret of the task\n");
  record("secret", "share/tool/config");
  expect(pack()).toEqual({ failure: "", text: `${root}/prefix/etc\n` });
});

it("follows no link that stands in place of a package's file", () => {
  rmSync(join(root, "cache/tool-1.0-0/share/tool/config"));
  symlinkSync(join(root, "secret/config"), join(root, "cache/tool-1.0-0/share/tool/config"));
  expect(pack()).toEqual({ failure: "", text: `${root}/prefix/etc\n` });
});

it("has no path in the archive that leads out of it", () => {
  symlinkSync(join(root, "secret"), join(root, "prefix/share/out"));
  for (const path of ["../secret/config", "share/out/config"]) {
    record("cache/tool-1.0-0", path);
    const { failure, text } = pack();
    expect([failure, text], path).toEqual(["", `${root}/prefix/etc\n`]);
  }
});
