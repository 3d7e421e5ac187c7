import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  cleanLine,
  firstLine,
  LINE_LENGTH_MAX,
  type LogLine,
  parseLogChunk,
  renderLogChunk,
  renderLogText,
} from "#core/build/log-line.ts";

const line = fc.record<LogLine>({
  at: fc.constant("2026-11-20T08:09:10.000Z"),
  step: fc.string(),
  stream: fc.constantFrom("stdout", "stderr"),
  text: fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
});

it("lines come back from a chunk as they went in, whatever is in them", async () => {
  await fc.assert(
    fc.property(fc.array(line), (lines) => {
      expect(parseLogChunk(renderLogChunk(lines))).toEqual(lines);
    }),
  );
});

it("a chunk that was cut loses its last line only", () => {
  const chunk = renderLogChunk([
    { at: "x", step: "solve", stream: "stdout", text: "whole" },
    { at: "x", step: "solve", stream: "stdout", text: "cut" },
  ]);
  expect(parseLogChunk(chunk.slice(0, -5)).map(({ text }) => text)).toEqual(["whole"]);
});

it("the text has the step in front of each line, and conda-store's first line first", () => {
  const first = firstLine(new Date("2026-11-21T08:12:57.369Z"));
  expect(first).toBe("starting build of conda environment 2026-11-21 08:12:57.369000 UTC");
  expect(
    renderLogText([
      { at: "x", step: "", stream: "stdout", text: first },
      { at: "x", step: "install", stream: "stderr", text: "Linking zlib" },
    ]),
  ).toBe(`${first}\ninstall: Linking zlib\n`);
});

it("a program's line is shown without what a terminal would obey", () => {
  const coloured = "\u001b[1;31mred\u001b[0m\tand \u001b]0;title\u0007plain\u001b[2J\u0000\b\u2028";
  expect(cleanLine(coloured)).toBe("red\tand plain");
  expect(cleanLine("\u001b]8;;https://u:hunter2@x.org\u001b\\text")).toBe("text");
});

it("a secret is found though colours stand in it, or the line is cut behind it", () => {
  expect(cleanLine("pass\u001b[0mword=hunter2")).toBe("password=***");
  const start = "x".repeat(LINE_LENGTH_MAX - 20);
  const cut = cleanLine(`${start} https://user:hunter2-and-more@example.org/channel`);
  expect(cut).toHaveLength(LINE_LENGTH_MAX);
  expect(cut).not.toContain("user");
});

it("lines made of beginnings of sequences are read in linear time", () => {
  for (const part of ["\u001b[", "\u001b]", "\u001b[0", "://", "t/", "eyJ"]) cleanLine(part.repeat(200_000));
}, 5_000);
