import { expect, test } from "vitest";
import { renderReport } from "./report.ts";
import { runChaos } from "./run.ts";

test("ten builds end well or say why, whatever dies, lies or goes missing meanwhile", async () => {
  const seed = 20;
  const report = await runChaos({ builds: 10, seed, minutesMax: 6, say: () => {} });

  const broken = report.checks.filter(({ faults }) => faults.length > 0);
  expect(broken, renderReport(report, seed)).toEqual([]);
  expect(report.ended.length).toBeGreaterThanOrEqual(10);
  expect(report.mishaps.length).toBeGreaterThan(5);
}, 480_000);
