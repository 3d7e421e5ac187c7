import { expect, test } from "vitest";
import { renderReport } from "./report.ts";
import { runChaos } from "./run.ts";

test("fifty builds end well or say why, with every kind of mishap among them", async () => {
  const seed = 50;
  const report = await runChaos({ builds: 50, seed, minutesMax: 15, say: console.log });

  const text = renderReport(report, seed);
  console.log(text);
  expect(report.checks.filter(({ faults }) => faults.length > 0)).toEqual([]);
  expect(report.ended.length).toBeGreaterThanOrEqual(50);
}, 1_200_000);
