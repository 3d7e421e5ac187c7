import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { runProgram } from "#test/kit/run-program.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/pin.ts", import.meta.url));
const NODE = (
  JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    devDependencies: { node: string };
  }
).devDependencies.node;
const directory = mkdtempSync(join(tmpdir(), "conda-store-pin-"));
const into = join(directory, "pins.json");
let served: Record<string, string>;
const server = createServer(({ url = "" }, response) => {
  const text = served[url];
  response.writeHead(text === undefined ? 404 : 200).end(text);
});
let origin: string;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

const entry = (version: string, build_number: number, digit: string, name = "micromamba") => ({
  name,
  version,
  build_number,
  sha256: digit.repeat(64),
});
const index = (packages: Record<string, object>): string => JSON.stringify({ packages });
const GOOD = index({
  "micromamba-1.5.9-0.tar.bz2": entry("1.5.9", 0, "1"),
  "micromamba-2.9.0-3.tar.bz2": entry("2.9.0", 3, "2"),
  "micromamba-2.10.0-1.tar.bz2": entry("2.10.0", 1, "3"),
  "micromamba-2.10.0-0.tar.bz2": entry("2.10.0", 0, "4"),
  "mamba-2.11.0-0.tar.bz2": entry("2.11.0", 0, "5", "mamba"),
});
const SUMS = ["linux-x64", "linux-arm64"]
  .map((platform, i) => `${String(i).repeat(64)}  node-v${NODE}-${platform}.tar.xz\n`)
  .join("");

beforeEach(() => {
  served = {
    "/forge/linux-64/current_repodata.json": GOOD,
    "/forge/linux-aarch64/current_repodata.json": GOOD,
    [`/node/v${NODE}/SHASUMS256.txt`]: SUMS,
  };
  rmSync(into, { force: true });
});
const pin = (...args: string[]) =>
  runProgram(process.execPath, [
    SCRIPT,
    ...["--channel", `${origin}/forge/`, "--node", `${origin}/node`, "--into", into],
    ...args,
  ]);

test("pins the newest micromamba 2 and the Node of package.json, as their publishers record them", async () => {
  expect(await pin()).toMatchObject({ code: 0, stderr: "" });

  const { micromamba, node } = JSON.parse(readFileSync(into, "utf8"));
  expect(Object.keys(micromamba)).toEqual(["linux-64", "linux-aarch64"]);
  expect(micromamba["linux-64"]).toEqual({
    url: `${origin}/forge/linux-64/micromamba-2.10.0-1.tar.bz2`,
    sha256: "3".repeat(64),
    version: "2.10.0",
  });
  expect(node["linux-aarch64"]).toEqual({
    url: `${origin}/node/v${NODE}/node-v${NODE}-linux-arm64.tar.xz`,
    sha256: "1".repeat(64),
    version: NODE,
  });
});

test.each([
  ["a channel that does not answer", "/forge/linux-64/current_repodata.json", undefined, "answered 404"],
  ["a page in the index's place", "/forge/linux-64/current_repodata.json", "<html>", "is no index"],
  [
    "an index without micromamba 2",
    "/forge/linux-64/current_repodata.json",
    index({}),
    "lists no micromamba",
  ],
  [
    "an index without a checksum",
    "/forge/linux-aarch64/current_repodata.json",
    index({ "micromamba-2.1.0-0.tar.bz2": { name: "micromamba", version: "2.1.0", build_number: 0 } }),
    "names no sha256 of micromamba-2.1.0-0.tar.bz2",
  ],
  ["sums without our Node", `/node/v${NODE}/SHASUMS256.txt`, "0  node.tar.xz\n", "lists no node-v"],
])("%s: the pins of before stay, and the address is named", async (_, path, text, words) => {
  if (text === undefined) delete served[path];
  else served[path] = text;
  writeFileSync(into, "before");

  const { code, stderr } = await pin();

  expect([code, stderr]).toEqual([1, expect.stringContaining(words)]);
  expect(stderr).toContain(`Nothing was written: ${origin}${path}`);
  expect(readFileSync(into, "utf8")).toBe("before");
  expect(existsSync(`${into}.new`)).toBe(false);
});

test("an option that there is not is refused", async () => {
  expect(await pin("--plattform", "x")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("--plattform"),
  });
});
