import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLog } from "#adapters/log.ts";
import { directorySource } from "#functions/watch/directory-source.ts";
import type { Source } from "#functions/watch/source.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { specified, useWatching } from "#test/kit/watching.ts";

useMiniStack();
const watched = useWatching("directory");
let root: string;
let source: Source;
let lines: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "watched-"));
  lines = [];
  source = directorySource(root, openLog({ level: "error", write: (line) => lines.push(line) }));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const at = (path: string): string => join(root, path);
function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(at(path)), { recursive: true, mode: 0o755 });
  writeFileSync(at(path), text);
  chmodSync(at(path), mode);
}
const run = () => watched.run({ source });
const told = (path: string): string => readFileSync(at(`${path}.error.txt`), "utf8");

describe("a directory", () => {
  it("is watched as the bucket is", async () => {
    write("team/numpy.yml", specified("numpy", "numpy=1"));
    write("tools.yaml", specified("tools", "python"));
    expect(await run()).toMatchObject({ files: 2, built: 2 });
    expect(await run()).toMatchObject({ built: 0, unchanged: 0 });

    write("team/numpy.yml", specified("numpy", "numpy=2"));
    expect(await run()).toMatchObject({ built: 1 });

    write("team/numpy.yml", "name: [");
    expect(await run()).toMatchObject({ refused: 1 });
    expect(told("team/numpy.yml")).toMatch(/Invalid YAML/);

    write("team/numpy.yml", specified("numpy", "numpy=3"));
    expect(await run()).toMatchObject({ built: 1 });
    expect(readdirSync(at("team"))).toEqual(["numpy.yml"]);

    rmSync(at("team/numpy.yml"));
    expect(await run()).toMatchObject({ removed: 1 });
    expect(await watched.builds()).toHaveLength(3);
    expect(await watched.state("team/numpy.yml")).toMatchObject({
      source: "disk",
      removedAt: expect.any(String),
    });
  });

  it("is read once while nothing changes, and what is said is written once", async () => {
    write("team/good.yml", specified("good", "python"));
    write("team/bad.yml", "name: [");
    await run();
    const calls: string[] = [];
    const counted: Source = {
      ...source,
      read: async (file) => {
        calls.push(`read ${file.path}`);
        return await source.read(file);
      },
      tell: async (path) => void calls.push(`tell ${path}`),
    };

    expect(await watched.run({ source: counted })).toMatchObject({ files: 2, built: 0 });
    expect(calls).toEqual([]);
  });

  it("that is not there removes nothing", async () => {
    write("team/numpy.yml", specified("numpy", "numpy"));
    await run();
    renameSync(root, `${root}-away`);
    expect(await run()).toMatchObject({ files: 0, removed: 0 });
    renameSync(`${root}-away`, root);
    expect(await run()).toMatchObject({ files: 1, removed: 0, built: 0 });
  });

  it("and the bucket share environments as two files do", async () => {
    await watched.put("team/tools.yml", specified("tools", "python=3.12"));
    await watched.run();
    write("team/tools.yml", specified("tools", "python=3.13"));

    expect(await run()).toMatchObject({ built: 0, refused: 1 });
    expect(told("team/tools.yml")).toContain("already that of the file team/tools.yml (bucket)");
    await watched.remove("team/tools.yml");
    await watched.run();
    expect(await run()).toMatchObject({ built: 1 });
  });
});

describe("two sources that have built for one environment in the same moment", () => {
  it("agree from then on whose it is", async () => {
    write("team/a.yml", specified("tools", "python=3.11"));
    await watched.put("team/z.yml", specified("tools", "python=3.12"));
    // The disk's pass knows nothing of what the bucket's builds in the middle of it.
    const read: Source["read"] = async (file) => {
      await watched.run();
      return await source.read(file);
    };
    expect(await watched.run({ source: { ...source, read } })).toMatchObject({ built: 1 });
    expect(await watched.builds()).toHaveLength(2);

    write("team/a.yml", specified("tools", "python=3.13"));
    await watched.put("team/z.yml", specified("tools", "python=3.14"));
    expect([await run(), await watched.run(), await run()]).toMatchObject([
      { built: 0, refused: 1 },
      { built: 1, refused: 0 },
      { built: 0, refused: 1 },
    ]);
    expect(told("team/a.yml")).toContain("already that of the file team/z.yml (bucket)");
  });
});

describe("what others may have put there", () => {
  it("is not followed: links to files and directories, pipes", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "elsewhere-"));
    try {
      writeFileSync(join(elsewhere, "x.yml"), specified("x", "python"));
      mkdirSync(at("team"), { mode: 0o755 });
      symlinkSync(join(elsewhere, "x.yml"), at("team/link.yml"));
      symlinkSync(elsewhere, at("team/inner"));
      execFileSync("mkfifo", [at("team/pipe.yml")]);
      mkdirSync(at("team/directory.yml"), { mode: 0o755 });

      expect(await run()).toMatchObject({ files: 0, built: 0, failed: 0 });
      expect(readdirSync(elsewhere)).toEqual(["x.yml"]);
    } finally {
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });

  it("is not believed where others than its owner may write the file", async () => {
    write("team/open.yml", specified("open", "python"), 0o664);
    expect(await run()).toMatchObject({ built: 0, refused: 1 });
    expect(told("team/open.yml")).toMatch(/chmod go-w/);

    chmodSync(at("team/open.yml"), 0o644);
    expect(await run()).toMatchObject({ built: 1 });
    expect(existsSync(at("team/open.yml.error.txt"))).toBe(false);
  });

  it.each([0o775, 0o757, 0o1777])(
    "is not entered where others may write the directory (mode %o)",
    async (mode) => {
      write("team/good.yml", specified("good", "python"));
      await run();
      write("team/more.yml", specified("more", "python"));
      chmodSync(at("team"), mode);

      expect(await run()).toMatchObject({ built: 0, removed: 0 });
      expect(lines.join("")).toContain("are not looked at");
      expect(readdirSync(at("team")).sort()).toEqual(["good.yml", "more.yml"]);
    },
  );

  it("is not looked at where the whole directory is open to others", async () => {
    write("team/good.yml", specified("good", "python"));
    chmodSync(root, 0o777);

    expect(await run()).toMatchObject({ files: 0, built: 0 });
  });

  it("does not lead a written error elsewhere", async () => {
    const target = at("target");
    writeFileSync(target, "untouched");
    write("team/bad.yml", "name: [");
    symlinkSync(target, at("team/bad.yml.error.txt"));
    await run();

    expect(readFileSync(target, "utf8")).toBe("untouched");
    expect(told("team/bad.yml")).toMatch(/Invalid YAML/);
  });

  it("waits when a file changes while it is read", async () => {
    write("team/numpy.yml", specified("numpy", "numpy=1"));
    const busy: Source = {
      ...source,
      read: (file) => {
        write("team/numpy.yml", `${specified("numpy", "numpy=1")}# half`);
        return source.read(file);
      },
    };

    expect(await watched.run({ source: busy })).toMatchObject({ built: 0, refused: 0, failed: 0 });
    expect(await run()).toMatchObject({ built: 1 });
  });
});
