import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFiles } from "#build-task/read-files.ts";

const root = mkdtempSync(join(tmpdir(), "conda-store-read-"));
const never = new AbortController().signal;
const hashes: Record<string, string> = {};

beforeAll(() => {
  mkdirSync(join(root, "lib"));
  // Larger than what is read at a time, and no multiple of it.
  for (const [path, size] of [
    ["lib/long", 1_000_003] as const,
    ["short", 5] as const,
    ["empty", 0] as const,
  ]) {
    const bytes = randomBytes(size);
    writeFileSync(join(root, path), bytes);
    hashes[path] = createHash("sha256").update(bytes).digest("hex");
  }
  symlinkSync("short", join(root, "link"));
  symlinkSync("nowhere", join(root, "dangling"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const right = (path: string): [string, string[]] => [path, [hashes[path] ?? ""]];

describe("reading files against their hashes", () => {
  it("finds nothing wrong with files of any length that have one of their hashes", async () => {
    const files = [
      right("lib/long"),
      right("empty"),
      ["short", ["0".repeat(64), hashes["short"] ?? ""]] as const,
    ];
    expect(await readFiles({ root, files }, never)).toMatchObject({
      missing: [],
      different: [],
      outside: [],
      bytes: 1_000_008,
    });
  });

  it("names what is missing, what has other bytes, and what is a link instead of a file", async () => {
    const files = [
      ["nothing", []],
      ["lib/nothing", ["0".repeat(64)]],
      ["short", [hashes["empty"] ?? ""]],
      ["link", [hashes["short"] ?? ""]],
      ["lib", ["0".repeat(64)]],
    ] as const;
    const report = await readFiles({ root, files }, never);
    expect(report).toMatchObject({
      missing: ["nothing", "lib/nothing"],
      different: ["short", "link", "lib"],
    });
  });

  it("only looks for what has no hash: a link, a dangling one too, is there", async () => {
    const files = [["link", []] as const, ["dangling", []] as const, ["lib", []] as const];
    expect(await readFiles({ root, files }, never)).toMatchObject({
      missing: [],
      different: [],
      outside: [],
      bytes: 0,
    });
  });

  it("does not look behind links that lead out of the root, and does behind those that stay inside", async () => {
    symlinkSync("lib", join(root, "lib64"));
    symlinkSync(tmpdir(), join(root, "away"));
    symlinkSync(`../${basename(root)}-not`, join(root, "beside"));
    mkdirSync(`${root}-not`);
    writeFileSync(`${root}-not/file`, "");
    const files = [
      ["lib64/long", [hashes["lib/long"] ?? ""]],
      ["away/x", []],
      ["beside/file", []],
    ] as const;
    const report = await readFiles({ root, files }, never);
    rmSync(`${root}-not`, { recursive: true });
    expect(report).toMatchObject({
      missing: [],
      different: [],
      outside: ["away/x", "beside/file"],
      bytes: 1_000_003,
    });
  });

  it("ends with the reason when it is stopped", async () => {
    const stop = new AbortController();
    const reading = readFiles({ root, files: [right("lib/long")] }, stop.signal);
    stop.abort(new Error("the step's limit"));
    await expect(reading).rejects.toThrow("the step's limit");
    await expect(readFiles({ root, files: [] }, stop.signal)).rejects.toThrow("the step's limit");
  });

  it("fails when the tree cannot be read", async () => {
    const files = [["short/inside", []] as const];
    await expect(readFiles({ root, files }, never)).rejects.toThrow("ENOTDIR");
  });
});
