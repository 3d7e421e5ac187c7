import { describe, expect, it } from "vitest";
import { progressOf, stepsOf } from "#ui/build-steps.ts";

const line = (second: number, step: string, text = "…") => ({
  at: new Date(Date.UTC(2026, 10, 21, 8, 0, second)).toISOString(),
  step,
  text,
});
const told = (lines: Parameters<typeof stepsOf>[0]): unknown[] =>
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

  it("lie where they say they did, also beside each other", () => {
    const steps = stepsOf([
      line(0, ""),
      line(1, "archive"),
      line(2, "copy"),
      line(5, "archive", "done in 4.500 s"),
      line(6, "copy", "done in 4.000 s"),
      line(6, "verify"),
      line(7, "verify", "done in 1.000 s"),
      line(7, ""),
    ]);
    const zero = Date.UTC(2026, 10, 21, 8);
    expect(steps.map(({ name, startMs, endMs }) => [name, startMs - zero, endMs - zero])).toEqual([
      ["", 0, 1_000],
      ["archive", 500, 5_000],
      ["copy", 2_000, 6_000],
      ["verify", 6_000, 7_000],
    ]);
  });

  it("are never negative nor twice, whatever the clocks say", () => {
    expect(
      told([line(5, "solve"), line(3, "install"), line(4, "solve"), { at: "?", step: "x", text: "" }]),
    ).toEqual([
      ["solve", 0],
      ["install", 0],
    ]);
    expect(stepsOf([])).toEqual([]);
  });
});

describe("progress of a build", () => {
  it("is what a step said last, until that step has ended", () => {
    const said = line(1, "install", "Downloaded 12 MB of 40 MB (30 %)");
    const lines = [line(0, "solve"), said, line(2, "export", "done in 0.1 s")];
    expect(progressOf(lines)).toEqual({ step: "install", text: said.text, percent: 30 });
    expect(progressOf([...lines, line(3, "install", "done in 2.000 s")])).toBeNull();
    expect(progressOf([line(1, "test", "(999 %)"), line(1, "test", "50 %")])).toBeNull();
    expect(progressOf([])).toBeNull();
  });
});
