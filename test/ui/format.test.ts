import { describe, expect, it } from "vitest";
import { parseTime, showClock, showDistance, showDuration, showShortDuration, showSize } from "#ui/format.ts";

describe("showDuration", () => {
  it.each([
    [-5_000, "0 s"],
    [499, "0 s"],
    [8_400, "8 s"],
    [59_600, "1 min"],
    [200_000, "3 min 20 s"],
    [3_600_000, "1 h"],
    [7_500_000, "2 h 5 min"],
  ])("shows %i ms as %s", (milliseconds, text) => {
    expect(showDuration(milliseconds)).toBe(text);
  });
});

describe("showShortDuration", () => {
  it.each([
    [-5, "0.0 s"],
    [260, "0.3 s"],
    [9_940, "9.9 s"],
    [9_960, "10 s"],
    [200_000, "3 min 20 s"],
  ])("shows %i ms as %s", (milliseconds, text) => {
    expect(showShortDuration(milliseconds)).toBe(text);
  });
});

describe("showClock", () => {
  it("is the time of day to the second, of midnight too, and nothing for what is no time", () => {
    expect(showClock(new Date(2026, 10, 21, 0, 3, 12))).toBe("00:03:12");
    expect(showClock(new Date(2026, 10, 21, 23, 59, 59))).toBe("23:59:59");
    expect(showClock(new Date("?"))).toBe("");
  });
});

describe("showSize", () => {
  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1_000, "1.00 kB"],
    [9_995, "10.0 kB"],
    [999_400, "999 kB"],
    [999_600, "1.00 MB"],
    [537_000_000, "537 MB"],
    [64_400_000_000, "64.4 GB"],
    [5e15, "5000 TB"],
  ])("shows %i as %s", (bytes, text) => {
    expect(showSize(bytes)).toBe(text);
  });
});

describe("parseTime", () => {
  it("reads the API's times, which have no zone, as UTC", () => {
    expect(parseTime("2026-11-21T08:03:06.654000").toISOString()).toBe("2026-11-21T08:03:06.654Z");
    expect(parseTime("2026-11-21T08:03:06").toISOString()).toBe("2026-11-21T08:03:06.000Z");
  });
});

describe("a distance in time", () => {
  const now = new Date("2026-11-21T08:00:00Z");
  const of = (secondsAgo: number): string => showDistance(new Date(now.getTime() - secondsAgo * 1000), now);

  it("is told in the largest unit that fits, forwards and backwards, and beyond a month as the date", () => {
    const format = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
    expect(of(5)).toBe(format.format(-5, "second"));
    expect(of(3_599)).toBe(format.format(-59, "minute"));
    expect(of(7_200)).toBe(format.format(-2, "hour"));
    expect(of(-3 * 86_400)).toBe(format.format(3, "day"));
    expect(of(40 * 86_400)).toContain("2026");
  });
});
