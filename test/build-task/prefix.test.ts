import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readPrefix } from "#build-task/prefix.ts";

let prefix: string;
beforeEach(() => {
  prefix = mkdtempSync(join(tmpdir(), "prefix-"));
  mkdirSync(join(prefix, "conda-meta"));
});
afterEach(() => rmSync(prefix, { recursive: true, force: true }));

const read = (record: object) => {
  const base = { name: "tool", version: "1.0", build: "0" };
  writeFileSync(join(prefix, "conda-meta", "tool-1.0-0.json"), JSON.stringify({ ...base, ...record }));
  return readPrefix(prefix);
};

it("gives a package's paths with what they are", async () => {
  const paths = [
    { _path: "bin/..tool..", path_type: "hardlink", sha256: "a", sha256_in_prefix: "b" },
    { _path: "bin/link", path_type: "softlink", sha256: "a" },
  ];
  const [tool] = await read({ files: ["bin/..tool..", "bin/link", "bin/made"], paths_data: { paths } });
  expect(tool?.paths).toEqual([
    { path: "bin/..tool..", kind: "file", sha256: "b" },
    { path: "bin/link", kind: "link", sha256: "a" },
    { path: "bin/made", kind: "made", sha256: null },
  ]);
});

it.each(["../x", "lib/../../x", "/etc/passwd", "lib/..", "", "a\0b"])(
  "names a package that lists %j, which is no path below the prefix",
  async (path) => {
    const expected = /^The package tool 1\.0 lists the file .* which lies outside of the environment: remove/;
    await expect(read({ files: [path] })).rejects.toThrow(expected);
    const paths = [{ _path: path, path_type: "hardlink" }];
    await expect(read({ paths_data: { paths } })).rejects.toThrow(expected);
  },
);
