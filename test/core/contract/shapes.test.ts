import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { BuildIdParam, pageQuery, Timestamp, timestamp } from "#core/contract/shapes.ts";

describe("timestamps", () => {
  test.each([
    ["2026-11-21T08:03:06.654Z", "2026-11-21T08:03:06.654000"],
    ["2026-11-21T08:03:06.000Z", "2026-11-21T08:03:06"],
    ["2026-11-21T08:03:06.010Z", "2026-11-21T08:03:06.010000"],
  ])("%s is written %s", (iso, wire) => {
    expect(timestamp(new Date(iso))).toBe(wire);
  });

  test("name the same moment once the zone that clients append is there", () => {
    const range = { min: new Date("1970-01-01"), max: new Date("9999-01-01"), noInvalidDate: true };
    fc.assert(
      fc.property(fc.date(range), (date) => {
        expect(v.is(Timestamp, timestamp(date))).toBe(true);
        expect(Date.parse(`${timestamp(date)}Z`)).toBe(date.getTime());
      }),
    );
  });
});

describe("a build id in a path", () => {
  test.each([
    ["1", 1],
    ["007", 7],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["0", null],
    ["-3", null],
    ["9007199254740992", null],
    ["9".repeat(400), null],
  ])("%s is %s", (text, id) => {
    expect(v.parse(BuildIdParam, text)).toBe(id);
  });
  test.each(["", "x", "1.5", "1e3", "0x10", " 1", "1\n", "١"])("%j is malformed", (text) => {
    expect(v.is(BuildIdParam, text)).toBe(false);
  });
});

test("whatever is asked for, a page has a whole number and a size from 1 to 100", () => {
  const query = v.object(pageQuery());
  fc.assert(
    fc.property(fc.string(), fc.oneof(fc.string(), fc.integer().map(String)), (page, size) => {
      const result = v.safeParse(query, { page, size });
      if (!result.success) return;
      expect(result.output.page).toBeGreaterThanOrEqual(1);
      expect(Number.isSafeInteger(result.output.page)).toBe(true);
      expect(result.output.size).toBeGreaterThanOrEqual(1);
      expect(result.output.size).toBeLessThanOrEqual(100);
    }),
  );
});
