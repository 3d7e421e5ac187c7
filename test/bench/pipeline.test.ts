import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Again } from "#bench/pipeline/again.ts";
import { makeCrowd } from "#bench/pipeline/crowd.ts";
import { parseOptions } from "#bench/pipeline/options.ts";
import type { OurBuild } from "#bench/pipeline/our-build.ts";
import { outsideOf, partsOf } from "#bench/pipeline/parts.ts";
import {
  againVerdicts,
  buildVerdicts,
  reportAgain,
  reportBuild,
  type Verdict,
} from "#bench/pipeline/report.ts";
import type { Round } from "#bench/pipeline/rounds.ts";
import type { LogLine } from "#core/build/log-line.ts";
import { LocalError } from "#local/local-error.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const claimed = new Date("2026-01-01T00:00:00.000Z");

const said = (atSeconds: number, step: string, text: string): LogLine => ({
  at: new Date(claimed.getTime() + atSeconds * 1000).toISOString(),
  step,
  stream: "stdout",
  text,
});

function ours(seconds: number, peakBytes = 100e6): OurBuild {
  const parts = [{ name: "solve", from: 0, seconds: seconds / 2 }];
  const rest = { startSeconds: 0.1, log: [], cpuSeconds: seconds, build: {} as OurBuild["build"] };
  return { seconds, parts, peakBytes, ...rest };
}

const bare = { createSeconds: 7, compileSeconds: 3, cpuSeconds: 10 };
/** Builds that took so long, against a bare engine that always took 10 seconds. */
const built = (...builds: number[]): Round[] => builds.map((seconds) => ({ ours: ours(seconds), bare }));
/** Repetitions that took so long, against one solve of 1 second. */
const repeated = (seconds: number[], changedObjects: string[] = []): Again => ({
  rounds: seconds.map((each) => ({ ours: ours(each), solveSeconds: 1 })),
  changedObjects,
});
const above = (verdicts: readonly Verdict[]): string[] =>
  verdicts.filter(({ within }) => !within).map(({ what }) => what);

describe("parts of a build", () => {
  it("come from the steps' own last lines, in the order in which they began", () => {
    const lines = [
      said(1, "solve", "40 packages"),
      said(5, "archive", "done in 3.000 s"),
      said(4, "copy", "done in 2.500 s"),
      said(6, "", "done in 9.000 s"),
      said(7, "verify", "all is done in 2 s"),
    ];
    expect(partsOf(lines, claimed)).toEqual([
      { name: "copy", from: 1.5, seconds: 2.5 },
      { name: "archive", from: 2, seconds: 3 },
    ]);
  });

  it("leave what no step covers, however they overlap", () => {
    const parts = [
      { name: "a", from: 1, seconds: 4 },
      { name: "inside a", from: 2, seconds: 1 },
      { name: "overlaps a", from: 4, seconds: 2 },
      { name: "longer than the build", from: 9, seconds: 5 },
    ];
    expect(outsideOf(parts, 10)).toBeCloseTo(1 + 3);
    expect(outsideOf([], 10)).toBe(10);
  });
});

describe("verdict", () => {
  it("takes the median of the rounds: one slow round does not fail", () => {
    expect(above(buildVerdicts(built(12, 90, 13)))).toEqual([]);
    expect(above(buildVerdicts(built(21, 5, 22)))).toEqual(["whole build / bare engine"]);
  });

  it("fails for each budget by itself", () => {
    expect(above(againVerdicts(repeated([1.05, 3, 1.09])))).toEqual([]);
    expect(above(againVerdicts(repeated([1.2, 1.2, 1])))).toEqual(["the same again / one solve"]);
    expect(above(againVerdicts(repeated([1, 1, 1], ["archives/x.tar.gz"])))).toEqual([
      "objects changed by it, but for logs",
    ]);
    const greedy = [...built(1, 1), { ours: ours(1, 201e6), bare }];
    expect(above(buildVerdicts(greedy))).toEqual(["peak memory of the build task's process"]);
  });

  it("is printed with every part, every round and what was changed", () => {
    const slow = reportBuild("small, by an engine", built(30, 30, 30));
    expect(slow.within).toBe(false);
    for (const text of ["small, by an engine", "solve", "3.00", "≤ 2", "ABOVE", "within"]) {
      expect(slow.text).toContain(text);
    }
    expect(reportAgain("again", repeated([1, 1, 1], ["x/y"]))).toMatchObject({
      within: false,
      text: expect.stringContaining("changed: x/y"),
    });
    expect(reportAgain("again", repeated([1, 1, 1])).within).toBe(true);
  });
});

describe("crowd", () => {
  it("is an index of whole records that only need what is there", async () => {
    const directory = mkdtempSync(join(tmpdir(), "conda-store-crowd-"));
    try {
      await makeCrowd(directory, "linux-64", 16 * 50);
      const bytes = readFileSync(join(directory, "linux-64", "repodata.json.zst"));
      const index = JSON.parse(zstdDecompressSync(bytes).toString("utf8"));
      const records = Object.values<{ name: string; depends: string[] }>(index["packages.conda"]);
      const names = new Set(records.map(({ name }) => name));
      expect([records.length, names.size]).toEqual([800, 50]);
      const needed = records.flatMap(({ depends }) => depends.map((each) => each.split(" ")[0]));
      expect(needed.filter((name) => !names.has(name ?? ""))).toEqual([]);
      expect(needed.length).toBeGreaterThan(800);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe("options", () => {
  it("are refused in one line when a word or a number is wrong", () => {
    for (const args of [
      ["--rounds", "2"],
      ["--rounds", "many"],
      ["--records", "some"],
      ["--only", "images"],
      ["--env", "huge"],
      ["--engine", "conda"],
      ["--engine", "mamba"],
      ["--engine", "rattler", "--program", "/bin/true"],
      ["--what"],
      ["word"],
    ]) {
      expect(() => parseOptions(args)).toThrow(LocalError);
      expect(() => parseOptions(args)).toThrow(/^[^\n]+$/);
    }
  });

  it("measure a medium and a large environment in three rounds by default", () => {
    expect(parseOptions([])).toMatchObject({
      rounds: 3,
      environments: ["medium", "large"],
      engine: undefined,
    });
    expect(parseOptions(["--env", "small", "--engine", "mamba", "--program", "/x/mamba"])).toMatchObject({
      environments: ["small"],
      engine: "/x/mamba",
    });
  });

  it("are explained by --help, and an unknown bench ends with status 2", () => {
    const bench = (...args: string[]) =>
      spawnSync(process.execPath, [join(ROOT, "bench", "main.ts"), ...args], { encoding: "utf8" });
    const help = bench("pipeline", "--help");
    expect([help.status, help.stdout]).toEqual([0, expect.stringContaining("--rounds N")]);
    expect(bench("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("pipeline") });
    expect(bench("nothing")).toMatchObject({ status: 2 });
    expect(bench("pipeline", "--rounds", "1")).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/3 up/),
    });
  });
});
