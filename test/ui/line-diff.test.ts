import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffLines } from "#ui/line-diff.ts";

const text =
  (...kinds: string[]) =>
  (lines: ReturnType<typeof diffLines>): string[] =>
    lines.filter(({ kind }) => kinds.includes(kind)).map((line) => line.text);

describe("the difference of two texts", () => {
  it("keeps what is the same, and says what went before what came", () => {
    expect(diffLines("a\nb\nc\n", "a\nx\nc\nd\n").map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      "same a",
      "removed b",
      "added x",
      "same c",
      "added d",
    ]);
  });

  it("holds both texts whole, and is no longer than it must be", () => {
    const lines = fc.array(fc.constantFrom("a", "b", "", "- c"), { maxLength: 12 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = diffLines(
          before.map((line) => `${line}\n`).join(""),
          after.map((line) => `${line}\n`).join(""),
        );

        expect(text("same", "removed")(diff)).toEqual(before);
        expect(text("same", "added")(diff)).toEqual(after);
        if (JSON.stringify(before) === JSON.stringify(after))
          expect(diff.every(({ kind }) => kind === "same")).toBe(true);
      }),
    );
  });

  it("of texts as long as a lockfile is there at once", () => {
    const long = (word: string): string =>
      Array.from({ length: 40_000 }, (_, i) => `${word} ${i}`).join("\n");

    expect(diffLines(long("a"), long("b"))).toHaveLength(80_000);
  });
});
