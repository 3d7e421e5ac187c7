import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { load, type Measured } from "#bench/api/load.ts";
import { parseOptions } from "#bench/api/options.ts";
import { report } from "#bench/api/report.ts";
import type { Rounds, RouteRound } from "#bench/api/rounds.ts";
import { LocalError } from "#local/local-error.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const cost = (cpuMs: number): Measured => ({ cpuMs, perSecond: 10, p50Ms: 1, p95Ms: 2 });
const round = (many: number, few: number, peer?: number): RouteRound => ({
  ...{ one: cost(many), sixteen: cost(many), few: cost(few) },
  peer: peer === undefined ? null : { one: cost(peer), sixteen: cost(peer) },
});
const only = (...rounds: RouteRound[]): Rounds => new Map([["one environment", rounds]]);

describe("verdict", () => {
  test("compares with the original of the same round, and takes the median", () => {
    expect(report(only(round(1, 1, 8), round(9, 9, 8), round(1, 1, 9))).within).toBe(true);
    expect(report(only(round(1, 1, 7), round(1, 1, 7), round(1, 1, 90))).within).toBe(false);
  });

  test("without the original compares with what it was measured to need, and says so", () => {
    const { text, within } = report(only(round(0.6, 0.6)));
    expect(within).toBe(true);
    expect(text).toContain("of 5 ms, documented");
    expect(text).not.toContain("conda-store-server");
    expect(report(only(round(0.7, 0.7))).within).toBe(false);
  });

  test("fails for a cost that grows with the store", () => {
    expect(report(only(round(0.5, 0.25)))).toMatchObject({
      within: false,
      text: expect.stringMatching(/grows +2\.00 × +≤ 1\.5 × +ABOVE/),
    });
  });
});

test("a load asks as often as wanted, never by more clients than there are, and counts up", async () => {
  const asked: number[] = [];
  let now = 0;
  let most = 0;
  const call = async (n: number): Promise<void> => {
    asked.push(n);
    most = Math.max(most, ++now);
    await new Promise((resolve) => setImmediate(resolve));
    now--;
  };
  let cpu = 0;
  const measured = await load(call, { clients: 4, count: 50, from: 100 }, () => (cpu += 100));
  expect(asked.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => 100 + n));
  expect(most).toBe(4);
  expect(measured.cpuMs).toBe(100 / 50);
  expect(measured.p50Ms).toBeLessThanOrEqual(measured.p95Ms);
});

describe("options", () => {
  test("are refused in one line when a word or a number is wrong", () => {
    for (const args of [["--rounds", "2"], ["--requests", "many"], ["--environments", "100"], ["--what"]]) {
      expect(() => parseOptions(args)).toThrow(LocalError);
      expect(() => parseOptions(args)).toThrow(/^[^\n]+$/);
    }
    expect(parseOptions([])).toMatchObject({ rounds: 3, environments: 10_000, withPeer: false });
  });

  test("are explained by --help", () => {
    const args = [join(ROOT, "bench", "main.ts"), "api", "--help"];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect([status, stdout]).toEqual([0, expect.stringContaining("--with-peer")]);
  });
});
