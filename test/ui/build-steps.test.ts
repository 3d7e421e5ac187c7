import { describe, expect, it } from "vitest";
import { stepsOf } from "#ui/build-steps.ts";

const line = (second: number, step: string) => ({
  at: new Date(Date.UTC(2026, 10, 21, 8, 0, second)).toISOString(),
  step,
});
const told = (lines: readonly { at: string; step: string }[]): unknown[] =>
  stepsOf(lines).map(({ name, startMs, endMs }) => [name, (endMs - startMs) / 1000]);

describe("steps of a build", () => {
  it("last until the next one begins, the last until the last line", () => {
    expect(
      told([line(0, ""), line(2, "solve"), line(5, "solve"), line(9, "install"), line(12, "install")]),
    ).toEqual([
      ["", 2],
      ["solve", 7],
      ["install", 3],
    ]);
  });

  it("are never negative nor twice, whatever the clocks say", () => {
    expect(told([line(5, "solve"), line(3, "install"), line(4, "solve"), { at: "?", step: "x" }])).toEqual([
      ["solve", 0],
      ["install", 0],
    ]);
    expect(stepsOf([])).toEqual([]);
  });
});
