import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";

const ROOT = new URL("../..", import.meta.url).pathname;
const base = mkdtempSync(join(tmpdir(), "conda-store-install-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** install.sh in a directory of its own, with archives that hold a program of two lines each. */
function prepare(name: string, pins?: (sha256: (file: string) => string) => object): string {
  const directory = join(base, name);
  mkdirSync(join(directory, "node-v1", "bin"), { recursive: true });
  mkdirSync(join(directory, "bin"));
  writeFileSync(join(directory, "node-v1", "bin", "node"), "#!/bin/sh\necho node\n", { mode: 0o755 });
  writeFileSync(join(directory, "bin", "micromamba"), "#!/bin/sh\necho micromamba\n", { mode: 0o755 });
  spawnSync("tar", ["-cJf", "node.tar.xz", "node-v1"], { cwd: directory });
  spawnSync("tar", ["-cjf", "micromamba.tar.bz2", "bin"], { cwd: directory });
  copyFileSync(join(ROOT, "build-task", "install.sh"), join(directory, "install.sh"));
  writeFileSync(join(directory, "requirements.txt"), "");
  const sha256 = (file: string): string =>
    createHash("sha256")
      .update(readFileSync(join(directory, file)))
      .digest("hex");
  if (pins) writeFileSync(join(directory, "pins.json"), JSON.stringify(pins(sha256)));
  return directory;
}

function install(directory: string): { status: number | null; error: string } {
  const { status, stderr } = spawnSync("sh", [join(directory, "install.sh")], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], DESTDIR: join(directory, "root") },
  });
  return { status, error: stderr.trim() };
}

const both = (pin: object): object => ({ "linux-64": pin, "linux-aarch64": pin });
const address = (name: string, file: string): string => pathToFileURL(join(base, name, file)).href;

test("without pins nothing is downloaded, and the sentence says what to run", () => {
  const { status, error } = install(prepare("no-pins"));

  expect(status).toBe(1);
  expect(error).toBe(
    "install.sh: pins.json is missing: run 'npm run pin' where there is internet, and commit what it writes.",
  );
});

test("a download that is not the pinned one is not installed", () => {
  const url = address("wrong", "node.tar.xz");
  const directory = prepare("wrong", () => ({ node: both({ url, sha256: "0".repeat(64) }) }));

  const { status, error } = install(directory);

  expect(status).toBe(1);
  expect(error).toContain("is not what pins.json names: its checksum differs.");
});

test("a pin that is missing is named", () => {
  const { status, error } = install(prepare("half", () => ({})));

  expect(status).toBe(1);
  expect(error).toMatch(/pins\.json has no node for linux-\w+: run 'npm run pin'\./);
});

test("pinned programs are installed where the deployment looks for them", () => {
  const directory = prepare("good", (sha256) => ({
    node: both({ url: address("good", "node.tar.xz"), sha256: sha256("node.tar.xz") }),
    micromamba: both({ url: address("good", "micromamba.tar.bz2"), sha256: sha256("micromamba.tar.bz2") }),
  }));

  const { status, error } = install(directory);

  expect({ status, error }).toEqual({ status: 0, error: "" });
  const run = (program: string): string =>
    spawnSync(join(directory, "root", program), [], { encoding: "utf8" }).stdout.trim();
  expect([run("opt/node/bin/node"), run("usr/local/bin/micromamba")]).toEqual(["node", "micromamba"]);
  const python = spawnSync(join(directory, "root", "opt/conda-pack/bin/python"), ["-c", "print(1)"], {
    encoding: "utf8",
  });
  expect(python.stdout).toBe("1\n");
});

test("image and laptop use the same versions of the Python tools", () => {
  const versions = (file: string): string[] =>
    readFileSync(join(ROOT, file), "utf8")
      .split("\n")
      .filter((line) => line.includes("=="));

  const local = versions("local/requirements.txt");
  for (const line of versions("build-task/requirements.txt")) expect(local).toContain(line);
});
