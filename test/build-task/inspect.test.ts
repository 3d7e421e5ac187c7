/**
 * What a tree may not hold when its packages' own code has run, found in real trees of a user of their own.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inspectTree, type ReadOrder, readFiles, type Seen } from "#build-task/read-files.ts";
import { sha256Of } from "#test/kit/submissions.ts";

const isRoot = process.getuid?.() === 0;
const why = isRoot ? "" : " (skipped: only root can make files of other users)";
const BUILDER = 0x7000_0000;
const OTHER = BUILDER + 1;
const never = new AbortController().signal;

describe.skipIf(!isRoot)(`a tree that a stranger has worked in${why}`, () => {
  let base: string;
  let root: string;
  const at = (...names: string[]): string => join(root, ...names);
  const FILES: ReadOrder["files"] = [
    ["lib/one.py", [sha256Of("one")]],
    ["lib/two.py", [sha256Of("two")]],
  ];
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), "inspect-"));
    root = join(base, "prefix");
    mkdirSync(at("lib"), { recursive: true });
    writeFileSync(at("lib", "one.py"), "one");
    writeFileSync(at("lib", "two.py"), "two");
    give(root, at("lib"), at("lib", "one.py"), at("lib", "two.py"));
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));
  const give = (...paths: string[]): void => {
    for (const path of paths) chownSync(path, BUILDER, BUILDER);
  };
  /** The kernel's time for files is later than any that a read so far has seen. */
  async function sealed(): Promise<Seen> {
    const before = lstatSync(at("lib", "one.py")).ctimeMs;
    const probe = join(base, "probe");
    for (let time = 0; time <= before + 30; time = lstatSync(probe).ctimeMs) writeFileSync(probe, "");
    const { seen, missing, different } = await readFiles({ root, files: FILES }, never);
    expect([missing, different]).toEqual([[], []]);
    return seen;
  }
  const inspected = (seen: Seen) =>
    inspectTree({ root, files: FILES, seen, user: BUILDER, outwardLinks: [] }, never);
  const SOUND = { special: [], foreign: [], outside: [], missing: [], different: [], tamed: [] };

  it("becomes the supervisor's, readable by all and writable by none, when nothing is wrong with it", async () => {
    chmodSync(at("lib"), 0o777);
    chmodSync(at("lib", "one.py"), 0o4700);
    chmodSync(at("lib", "two.py"), 0o600);

    expect(await inspected(await sealed())).toEqual({ ...SOUND, tamed: ["lib", "lib/one.py"] });

    const modes = ["", "lib", "lib/one.py", "lib/two.py"].map((path) => {
      const { uid, mode } = lstatSync(at(path));
      return [uid, (mode & 0o7777).toString(8)];
    });
    expect(modes).toEqual([
      [0, "755"],
      [0, "755"],
      [0, "755"],
      [0, "644"],
    ]);
  });

  it("holds no second name of a file that lies elsewhere, be it root's or another's; nothing is changed then", async () => {
    for (const owner of [0, OTHER]) {
      const outside = join(base, `of-${owner}`);
      writeFileSync(outside, "secret", { mode: 0o600 });
      chownSync(outside, owner, owner);
      linkSync(outside, at("lib", `stray-${owner}`));
    }

    const { foreign } = await inspected(await sealed());

    expect([...foreign].sort()).toEqual(["lib/stray-0", `lib/stray-${OTHER}`]);
    expect(lstatSync(join(base, "of-0")).mode & 0o777).toBe(0o600);
    expect(lstatSync(join(base, `of-${OTHER}`)).uid).toBe(OTHER);
    expect(lstatSync(at("lib")).uid).toBe(BUILDER);
  });

  it("holds no file of another user, though it has no other name", async () => {
    writeFileSync(at("lib", "planted"), "");
    chownSync(at("lib", "planted"), OTHER, OTHER);

    expect((await inspected(await sealed())).foreign).toEqual(["lib/planted"]);
  });

  it("holds no pipe, no socket, no device and no name that is no text", async () => {
    execFileSync("mkfifo", [at("pipe")]);
    const socket = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])";
    execFileSync("python3", ["-c", socket, at("socket")]);
    execFileSync("python3", ["-c", "import sys; open(sys.argv[1].encode() + b'/\\xff', 'w')", root]);
    const mayMakeDevices = spawnSync("mknod", [at("device"), "c", "1", "3"]).status === 0;
    const made = ["pipe", "socket", ...(mayMakeDevices ? ["device"] : [])];
    give(...made.map((name) => at(name)));

    const { special } = await inspected(await sealed());

    expect([...special].sort()).toEqual([...made, "\ufffd"].sort());
  });

  it("has the bytes that were read, though somebody kept size and times and changed them after that", async () => {
    const seen = await sealed();
    const { atime, mtime } = lstatSync(at("lib", "one.py"));
    writeFileSync(at("lib", "one.py"), "ONE");
    utimesSync(at("lib", "one.py"), atime, mtime);

    expect(await inspected(seen)).toEqual({ ...SOUND, different: ["lib/one.py"] });
  });

  it("may have a file that was put in the place of one with the same bytes, and none with others", async () => {
    const seen = await sealed();
    writeFileSync(at("lib", "new"), "one");
    writeFileSync(at("lib", "newer"), "TWO");
    give(at("lib", "new"), at("lib", "newer"));
    renameSync(at("lib", "new"), at("lib", "one.py"));
    renameSync(at("lib", "newer"), at("lib", "two.py"));

    expect(await inspected(seen)).toEqual({ ...SOUND, different: ["lib/two.py"] });
  });

  it("has its files where they were read, and not behind a link that was put there since", async () => {
    const seen = await sealed();
    const elsewhere = join(base, "elsewhere");
    renameSync(at("lib"), elsewhere);
    symlinkSync(elsewhere, at("lib"));
    writeFileSync(join(elsewhere, "two.py"), "TWO");

    const { outside, different } = await inspected(seen);

    expect(outside).toContain("lib");
    expect(outside).toContain("lib/two.py");
    expect(different).toEqual([]);
  });
});
