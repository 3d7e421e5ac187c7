import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copyTree, pointLink, removeLink } from "#adapters/disk/copy-tree.ts";
import { describeTree } from "#adapters/disk/describe-tree.ts";
import { eachOf, listTree } from "#adapters/disk/each-file.ts";

const never = new AbortController().signal;
let root: string;
let from: string;
let to: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "copy-tree-"));
  from = join(root, "from");
  to = join(root, "deep", "to");
  mkdirSync(join(from, "bin"), { recursive: true });
  mkdirSync(join(from, "empty"));
  writeFileSync(join(from, "bin", "tool"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(join(from, "data"), "12345", { mode: 0o640 });
  linkSync(join(from, "data"), join(from, "again"));
  symlinkSync("tool", join(from, "bin", "other"));
  symlinkSync("/nowhere/at/all", join(from, "dangling"));
  symlinkSync("empty", join(from, "directory"));
  chmodSync(join(from, "empty"), 0o700);
  utimesSync(join(from, "data"), 1_600_000_000, 1_500_000_000);
  utimesSync(join(from, "empty"), 1_600_000_000, 1_400_000_000);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("a copied tree", () => {
  it("has the same bytes, modes, times and links; hard links are files of their own", async () => {
    const copied = await copyTree(from, to, never);

    expect(copied).toMatchObject({ files: 3, links: 3, directories: 2, bytes: 20 });
    expect(readFileSync(join(to, "data"), "utf8")).toBe("12345");
    expect(lstatSync(join(to, "data")).mode & 0o777).toBe(0o640);
    expect(lstatSync(join(to, "data")).mtimeMs).toBe(1_500_000_000_000);
    expect(lstatSync(join(to, "data")).nlink).toBe(1);
    expect(lstatSync(join(to, "bin", "tool")).mode & 0o777).toBe(0o755);
    expect(readlinkSync(join(to, "bin", "other"))).toBe("tool");
    expect(readlinkSync(join(to, "dangling"))).toBe("/nowhere/at/all");
    expect(lstatSync(join(to, "directory")).isSymbolicLink()).toBe(true);
    expect(lstatSync(join(to, "empty")).mtimeMs).toBe(1_400_000_000_000);
    expect(lstatSync(join(to, "empty")).mode & 0o777).toBe(0o755);
  });

  it("is described as what is read back from it; a file that was cut, lost or changed its mode shows", async () => {
    mkdirSync(join(from, "a", "b", "c"), { recursive: true });
    writeFileSync(join(from, "a", "b", "c", "deep"), "deep");
    const { tree, bytes } = await copyTree(from, to, never);

    expect(await describeTree(to, never)).toEqual({ tree, bytes });
    writeFileSync(join(to, "data"), "1234");
    rmSync(join(to, "bin", "other"));
    chmodSync(join(to, "a", "b", "c", "deep"), 0o600);
    const { tree: damaged } = await describeTree(to, never);
    const differing = [...tree.keys()].filter((path) => damaged.get(path) !== tree.get(path));
    expect(differing.sort()).toEqual(["a/b/c/deep", "bin/other", "data"]);
  });

  it("is not mixed with one that is there already", async () => {
    mkdirSync(to, { recursive: true });
    await expect(copyTree(from, to, never)).rejects.toThrow(/EEXIST/);
  });

  it("stops at the signal", async () => {
    await expect(copyTree(from, to, AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
  });
});

describe("a link", () => {
  it("is made with its directory, and replaced without a moment of absence", async () => {
    const link = join(root, "envs", "demo");
    await pointLink(link, "/store/one");
    let missing = 0;
    let watching = true;
    const watch = (async () => {
      for (; watching; await new Promise(setImmediate)) {
        try {
          readlinkSync(link);
        } catch {
          missing += 1;
        }
      }
    })();
    for (let n = 0; n < 200; n += 1) await pointLink(link, `/store/${n}`);
    watching = false;
    await watch;

    expect(missing).toBe(0);
    expect(readlinkSync(link)).toBe("/store/199");
    expect((await listTree(join(root, "envs"), never)).map(({ path }) => path)).toEqual(["demo"]);
  });

  it.each([
    ["with the next change", (link: string) => pointLink(link, "/store/two")],
    ["where nothing is to be changed", (link: string) => pointLink(link, "/store/one")],
    ["with the link", removeLink],
  ])("that a killed call was about to put in place goes %s", async (_when, next) => {
    const link = join(root, "envs", "demo");
    await pointLink(link, "/store/one");
    symlinkSync("/store/two", `${link}:next`);

    await next(link);

    expect(readdirSync(join(root, "envs")).filter((name) => name !== "demo")).toEqual([]);
  });
});

describe("many hands", () => {
  it("do everything once, never more than allowed at a time", async () => {
    const done: number[] = [];
    let now = 0;
    let most = 0;
    await eachOf(
      Array.from({ length: 100 }, (_, n) => n),
      7,
      never,
      async (n) => {
        now += 1;
        most = Math.max(most, now);
        await new Promise(setImmediate);
        now -= 1;
        done.push(n);
      },
    );
    expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(most).toBe(7);
  });

  it("say the first error when all have stopped", async () => {
    const work = async (n: number): Promise<void> => {
      if (n === 3) throw new Error("the third");
    };
    await expect(eachOf([1, 2, 3, 4], 2, never, work)).rejects.toThrow("the third");
  });
});
