import { describe, expect, test } from "vitest";
import {
  describeMiB,
  largerThan,
  NO_NEED,
  needAfter,
  needAt,
  sizeFor,
  taskSizesOf,
} from "#core/build/task-size.ts";
import { POLICY } from "#test/kit/builds.ts";

const { taskSizes } = POLICY;
const memories = (...all: number[]) => all.map((memoryMiB) => ({ cpuUnits: 256, memoryMiB }));

test("a build gets the smallest size with the memory it needs, and the largest when none has it", () => {
  const sizes = [0, 512, 513, 4096, 9999].map((memoryMiB) => sizeFor(taskSizes, memoryMiB).memoryMiB);
  expect(sizes).toEqual([512, 512, 1024, 4096, 4096]);
  expect(taskSizes.map((size) => largerThan(taskSizes, size)?.memoryMiB ?? null)).toEqual([1024, 4096, null]);
});

test.each([
  [memories(512, 1024), true],
  [memories(512, 512), false],
  [memories(1024, 512), false],
  [memories(0), false],
  [[], false],
  [[{ cpuUnits: 256 }], false],
  [{}, false],
  [null, false],
])("sizes %j are taken: %s", (value, taken) => {
  expect(taskSizesOf(value)).toEqual(taken ? value : null);
});

test("memory is said as ECS's users say it", () => {
  expect([256, 1024, 1536, 30_720].map(describeMiB)).toEqual(["256 MB", "1 GB", "1536 MB", "30 GB"]);
});

describe("an environment", () => {
  const at = new Date("2026-01-01T00:00:00Z");
  const inDays = (days: number): Date => new Date(at.getTime() + days * 86_400_000);
  const known = { memoryMiB: 1024, until: inDays(3) };

  test("that ran out and then completed begins there for a month; then the smallest is tried again", () => {
    const need = needAfter(NO_NEED, { memoryMiB: 1024, ranOut: 1 }, at);
    expect([0, 29, 30, 31].map((days) => needAt(need, inDays(days)))).toEqual([1024, 1024, 0, 0]);
  });

  test("that began there and completed keeps the day on which the smallest is tried again", () => {
    expect(needAfter(known, { memoryMiB: 1024, ranOut: 0 }, at)).toEqual(known);
  });

  test("that completed in the smallest needs no more, whatever was known", () => {
    expect(needAfter(known, { memoryMiB: 0, ranOut: 0 }, at)).toEqual(NO_NEED);
  });
});
