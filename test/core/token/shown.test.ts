import { expect, test } from "vitest";
import { shownIn } from "#core/token/shown.ts";

const basic = (text: string): string => Buffer.from(text).toString("base64");

test("a token is shown as a bearer's or as a password, in any spelling of the scheme", () => {
  expect(shownIn("Bearer a.b.c")).toEqual({ scheme: "bearer", token: "a.b.c" });
  expect(shownIn("  bEARER   a.b.c ")).toEqual({ scheme: "bearer", token: "a.b.c" });
  expect(shownIn(`Basic ${basic("anybody:to:ken")}`)).toEqual({ scheme: "basic", token: "to:ken" });
});

test("a header that shows none is told from no header at all", () => {
  expect([shownIn(undefined), shownIn("  ")].map(({ scheme }) => scheme)).toEqual(["none", "none"]);
  for (const text of ["Bearer", "Bearer a b", "Digest x", "x", "Bearer\na", `${"x".repeat(10_000)} y`]) {
    expect(shownIn(text), text.slice(0, 20)).toEqual({ scheme: "other", token: "" });
  }
  expect(shownIn(`Basic ${basic("no colon")}`)).toEqual({ scheme: "basic", token: "" });
  expect(shownIn("Basic ///")).toEqual({ scheme: "basic", token: "" });
});
