import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ensurePythonTools } from "#local/python.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const PROGRAM = join(ROOT, "build-task", "steps", "compile.py");
const base = mkdtempSync(join(tmpdir(), "conda-store-compile-"));
let python: string;
let prefix: string;

beforeAll(async () => {
  ({ python } = await ensurePythonTools(ROOT, () => {}));
});
beforeEach(() => {
  prefix = mkdtempSync(join(base, "prefix-"));
  mkdirSync(join(prefix, "packages", "deep"), { recursive: true });
  for (let number = 0; number < 20; number += 1) {
    const text = `name = "value ${number}"\ndef f(x, *, name=name):\n    return (x, name, ${number})\n`;
    writeFileSync(
      join(prefix, "packages", number % 2 ? "deep" : "", `m${number}.py`),
      text.repeat(number + 1),
    );
  }
});
afterEach(() => rmSync(prefix, { recursive: true, force: true }));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const compile = (workers: number, at = prefix): SpawnSyncReturns<string> =>
  spawnSync(python, ["-I", "-S", "-B", PROGRAM, "packages", String(workers)], { cwd: at, encoding: "utf8" });

/** Byte code below the packages, by path. */
function byteCode(at = prefix): Map<string, string> {
  const names = readdirSync(join(at, "packages"), { recursive: true, encoding: "utf8" });
  const paths = names.filter((name) => name.endsWith(".pyc")).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(at, "packages", path)).toString("base64")]));
}
const flagsOf = (path: string): number => readFileSync(path).readUInt32LE(4);

describe("byte code", () => {
  it("is the same bytes by any number of workers, with unchecked hashes and without the prefix", () => {
    const other = join(base, "elsewhere and longer");
    cpSync(prefix, other, { recursive: true });

    expect(compile(1)).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(compile(7, other).status).toBe(0);

    const made = byteCode();
    expect(made.size).toBe(20);
    expect(byteCode(other)).toEqual(made);
    for (const path of made.keys()) {
      const file = join(prefix, "packages", path);
      // Bit 0: by hash, not by time; bit 1 would mean that the hash is checked.
      expect(flagsOf(file)).toBe(1);
      expect(readFileSync(file).includes(prefix)).toBe(false);
    }
  });

  it("of a file that cannot be compiled is left out: the file is named, the others are made", () => {
    writeFileSync(join(prefix, "packages", "template.py"), "{{ no python }} =\n");
    symlinkSync("nowhere.py", join(prefix, "packages", "dangling.py"));
    const { status, stdout } = compile(2);
    expect([status, stdout]).toEqual([
      1,
      expect.stringContaining("*** Error compiling 'packages/template.py'"),
    ]);
    expect(byteCode().size).toBe(20);
  });

  it("that is there and valid is kept", () => {
    expect(spawnSync(python, ["-m", "compileall", "-q", "packages/m2.py"], { cwd: prefix }).status).toBe(0);
    const [kept = ""] = byteCode().keys();
    expect(compile(2).status).toBe(0);
    expect(flagsOf(join(prefix, "packages", kept))).toBe(0);
    expect(byteCode().size).toBe(20);
  });

  it("is not looked for behind links to folders, and none at all is no failure", () => {
    const empty = mkdtempSync(join(base, "empty-"));
    mkdirSync(join(empty, "packages"));
    symlinkSync(join(prefix, "packages"), join(empty, "packages", "link"));
    expect(compile(2, empty)).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(existsSync(join(prefix, "packages", "__pycache__"))).toBe(false);
  });
});
