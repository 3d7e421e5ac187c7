import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { forgetPackageCache, settlePrefix } from "#adapters/conda/conda-meta.ts";
import type { LockedPackage } from "#core/lock/lock.ts";
import type { InstallRequest } from "#core/ports.ts";

const CHANNEL = "https://conda.example.org/team";
const PACKAGE: LockedPackage = {
  name: "app",
  version: "1.0",
  build: "h_0",
  buildNumber: 0,
  subdir: "noarch",
  channel: CHANNEL,
  url: `${CHANNEL}/noarch/app-1.0-h_0.conda`,
  fileName: "app-1.0-h_0.conda",
  sha256: "a".repeat(64),
  md5: null,
  sizeBytes: 1,
  depends: [],
  constrains: [],
  license: null,
  timestamp: 1_700_000_000_000,
};
const RECORD = {
  name: "app",
  url: "http://127.0.0.1:4000/c/noarch/app-1.0-h_0.conda",
  channel: "http://127.0.0.1:4000/c",
  requested_spec: "http://127.0.0.1:4000/c/noarch::app==1.0",
  sha256: PACKAGE.sha256,
  extracted_package_dir: "/cache/app",
  package_tarball_full_path: "/cache/app.conda",
  link: { source: "/cache/app", type: 1 },
};

let root: string;
let meta: string;
let request: InstallRequest;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "conda-meta-"));
  meta = join(root, "env/conda-meta");
  await mkdir(meta, { recursive: true });
  request = {
    packages: [PACKAGE],
    channels: [{ url: CHANNEL, address: "http://127.0.0.1:4000/c" }],
    platform: "linux-64",
    prefix: join(root, "env"),
    packageCache: join(root, "cache"),
  };
});
afterEach(() => rm(root, { recursive: true, force: true }));

const write = (name: string, value: unknown) => writeFile(join(meta, name), JSON.stringify(value));

test("records name the true channel, and the same lock gives the same history", async () => {
  await write("app-1.0-h_0.json", RECORD);
  await settlePrefix(request);
  expect(JSON.parse(await readFile(join(meta, "app-1.0-h_0.json"), "utf8"))).toEqual({
    ...RECORD,
    url: PACKAGE.url,
    channel: CHANNEL,
    requested_spec: `${CHANNEL}/noarch::app==1.0`,
  });
  expect(await readFile(join(meta, "history"), "utf8")).toBe(
    [
      "==> 2023-11-14 22:13:20 <==",
      "# cmd: conda-store",
      `+${CHANNEL}/noarch::app-1.0-h_0`,
      '# update specs: ["app==1.0=h_0"]',
      "",
    ].join("\n"),
  );
});

test("the package cache is forgotten as conda-pack forgets it", async () => {
  await write("app-1.0-h_0.json", RECORD);
  await forgetPackageCache(request.prefix);
  expect(JSON.parse(await readFile(join(meta, "app-1.0-h_0.json"), "utf8"))).toEqual({
    ...RECORD,
    extracted_package_dir: "",
    package_tarball_full_path: "",
    link: { source: "", type: 1 },
  });
});

test("a package that is missing, or that nobody asked for, is named", async () => {
  await expect(settlePrefix(request)).rejects.toThrow("it did not install app-1.0-h_0.json");
  await write("app-1.0-h_0.json", RECORD);
  await write("evil-1.0-h_0.json", {});
  await expect(settlePrefix(request)).rejects.toThrow(
    "it installed evil-1.0-h_0.json, which nobody asked for",
  );
});

test("a record made from other bytes than the lock's is refused", async () => {
  await write("app-1.0-h_0.json", { ...RECORD, sha256: "b".repeat(64) });
  await expect(settlePrefix(request)).rejects.toMatchObject({ failure: "checksum" });
});

test("a record that is no JSON object is refused", async () => {
  for (const text of ["", "[]", "{"]) {
    await writeFile(join(meta, "app-1.0-h_0.json"), text);
    await expect(settlePrefix(request)).rejects.toThrow("is not a JSON object");
  }
});

test("nothing is written through a link that a package shipped", async () => {
  const outside = join(root, "outside");
  await writeFile(outside, "precious");
  await write("app-1.0-h_0.json", RECORD);
  await symlink(outside, join(meta, "history"));
  await settlePrefix(request);
  expect(await readFile(outside, "utf8")).toBe("precious");
  expect(await readFile(join(meta, "history"), "utf8")).toContain("==>");

  await rm(join(meta, "app-1.0-h_0.json"));
  await symlink(outside, join(meta, "app-1.0-h_0.json"));
  await expect(settlePrefix(request)).rejects.toThrow("is not a regular file");

  await rm(meta, { recursive: true });
  await symlink(root, meta);
  await expect(settlePrefix(request)).rejects.toThrow("conda-meta of the new prefix is not a directory");
});
