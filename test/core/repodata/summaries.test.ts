import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSummaries, encodeSummaries, readSummary, type Summaries } from "#core/repodata/summaries.ts";

const names = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/),
  fc.constantFrom("constructor", "__proto__", "toString", "numpy", "r-base"),
);
const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 400 }),
  fc.string({ unit: "grapheme", maxLength: 400 }),
  // Halves of signs too, as JSON may have them.
  fc.array(fc.nat(0xffff), { maxLength: 400 }).map((codes) => String.fromCharCode(...codes)),
);

describe("what is said of a package", () => {
  it("is one line of at most 300 characters without control characters, whatever the channel sends", () => {
    fc.assert(
      fc.property(names, texts, (name, summary) => {
        const line = readSummary(name, { summary });
        if (line === null) expect(summary.replace(/[\p{Cc}\s\u202a-\u202e\u2066-\u2069]/gu, "")).toBe("");
        else {
          expect(line).toMatch(/^\S(?:[^\p{Cc}\u2028\u2029]*\S)?$/u);
          expect(line?.length).toBeLessThanOrEqual(300);
          expect(line?.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  it.each([
    ["A fast  library\r\n\tfor numbers\0 ", "A fast library for numbers"],
    ["\"Quotes\" & <b>marks</b> 'stay'", "\"Quotes\" & <b>marks</b> 'stay'"],
    ["数値計算 · ريادة · ñ · 🐍", "数値計算 · ريادة · ñ · 🐍"],
    ["turned \u202eround\u202c", "turned round"],
    ["x".repeat(300), "x".repeat(300)],
    ["x".repeat(10_000), `${"x".repeat(299)}…`],
    [`${"x".repeat(298)}🐍🐍`, `${"x".repeat(298)}…`],
  ])("is what the channel says, cut to a line: %j", (summary, line) => {
    expect(readSummary("numpy", { summary, description: "more" })).toBe(line);
  });

  it.each([[{}], [{ summary: null }], [{ summary: "" }], [{ summary: " \n" }], [{ summary: undefined }]])(
    "is nothing where the channel says nothing: %j",
    (entry) => {
      expect(readSummary("numpy", entry)).toBeNull();
    },
  );

  it.each<[string, unknown]>([
    ["numpy", null],
    ["numpy", "text"],
    ["numpy", 7],
    ["numpy", { summary: 7 }],
    ["numpy", { summary: ["text"] }],
    ["", { summary: "text" }],
    ["../up", { summary: "text" }],
    ["two\nlines", { summary: "text" }],
    ["a\ttab", { summary: "text" }],
    ["x".repeat(201), { summary: "text" }],
  ])("is not read from an entry that breaks the shape: %j %j", (name, entry) => {
    expect(readSummary(name, entry)).toBeUndefined();
  });
});

describe("the stored text", () => {
  it("gives back every summary that was put in, and is the same in whatever order they came", () => {
    const many: fc.Arbitrary<Summaries> = fc
      .array(fc.tuple(names, texts), { maxLength: 50 })
      .map(
        (pairs) => new Map(pairs.map(([name, summary]) => [name, readSummary(name, { summary }) ?? "none"])),
      );
    fc.assert(
      fc.property(many, (summaries) => {
        const text = encodeSummaries(summaries);
        expect([...decodeSummaries(text)].sort()).toEqual([...summaries].sort());
        expect(encodeSummaries(new Map([...summaries].reverse()))).toBe(text);
        expect(decodeSummaries(text).get("never put in")).toBeUndefined();
      }),
    );
  });

  it.each(["", "2\nnumpy\tx", "<html>"])("of another format is refused: %j", (text) => {
    expect(() => decodeSummaries(text)).toThrow("another format");
  });
});
