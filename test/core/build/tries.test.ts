import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { afterTrouble, COUNTED_CAUSES, MAX_TRIES, maxTriesOf, NO_TRIES } from "#core/build/tries.ts";
import { POLICY } from "#test/kit/builds.ts";

const at = new Date("2026-01-01T00:00:00Z");
const again = (cause: (typeof COUNTED_CAUSES)[number], count: number, random = 0) =>
  afterTrouble(
    { tries: { ...NO_TRIES, [cause]: count }, lastAttempt: 7, memoryMiB: 0 },
    { cause, what: "It died in step solve." },
    POLICY,
    at,
    random,
  );

test.each(COUNTED_CAUSES)(
  "a build is tried again after %s as often as its limit says, and not once more",
  (cause) => {
    const most = MAX_TRIES[cause];
    for (let count = 0; count < most - 1; count++) expect(again(cause, count).again).toBe(true);

    const last = again(cause, most - 1);

    expect(last).toMatchObject({ again: false });
    if (last.again) throw new Error("unreachable");
    expect(last.reason).toMatch(
      new RegExp(`^It died in step solve\\. .*${most} tries.*maxTries\\.${cause}.*operators`),
    );
  },
);

test("the sentence says what happened, which attempt is next, when, and which try of how many that is", () => {
  expect(again("died", 1)).toEqual({
    again: true,
    nextTryOn: new Date("2026-01-01T00:00:10Z"),
    statusInfo: "It died in step solve. Attempt 8 follows at 2026-01-01T00:00:10Z; try 3 of 3.",
    memoryMiB: 0,
  });
});

test("who was told to stop is tried again at once; others wait, longer each time, and not all the same time", () => {
  expect(again("interrupted", 5)).toMatchObject({ nextTryOn: at });
  fc.assert(
    fc.property(
      fc.constantFrom("died" as const, "notStarted" as const),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      (cause, random) => {
        const [first, second] = [again(cause, 0, random), again(cause, 1, random)];
        if (!first.again || !second.again) throw new Error("unreachable");
        expect(first.nextTryOn.getTime()).toBeGreaterThan(at.getTime());
        expect(second.nextTryOn.getTime()).toBeGreaterThan(first.nextTryOn.getTime());
        expect(first.nextTryOn.getTime()).toBeLessThanOrEqual(
          again(cause, 0, 0).again ? at.getTime() + 15_000 : 0,
        );
      },
    ),
  );
});

test("one cause does not use up the tries of another", () => {
  const tries = { ...NO_TRIES, notStarted: 2, interrupted: 9 };
  expect(
    afterTrouble({ tries, lastAttempt: 11, memoryMiB: 0 }, { cause: "died", what: "x." }, POLICY, at, 0)
      .again,
  ).toBe(true);
});

test.each([
  [{}, MAX_TRIES],
  [{ died: 1 }, { ...MAX_TRIES, died: 1 }],
  [{ died: 0 }, null],
  [{ died: 1.5 }, null],
  [{ memory: 3 }, null],
  ["3", null],
  [null, null],
])("a deployment's limits %j are read as %j", (value, expected) => {
  expect(maxTriesOf(value)).toEqual(expected);
});

describe("out of memory", () => {
  const outOf = (memoryMiB: number) =>
    afterTrouble(
      { tries: { ...NO_TRIES, memory: 5, died: 2 }, lastAttempt: 3, memoryMiB },
      { cause: "memory", what: "The step pip was killed." },
      POLICY,
      at,
      0,
    );

  test("the next attempt has the next larger size, at once, and both are said", () => {
    expect(outOf(0)).toEqual({
      again: true,
      nextTryOn: at,
      statusInfo: "The step pip was killed. Attempt 4 follows at once with 1 GB instead of 512 MB.",
      memoryMiB: 1024,
    });
    expect(outOf(1024)).toMatchObject({ again: true, memoryMiB: 4096 });
  });

  test("there is an end, which names the largest size", () => {
    const last = outOf(4096);
    expect(last).toMatchObject({ again: false });
    expect(last).toHaveProperty(
      "reason",
      expect.stringMatching(/no larger task than this one with 4 GB \(taskSizes\)/),
    );
    // Of sizes that a deployment no longer has, the largest left is what the task had.
    expect(outOf(99_999)).toEqual(last);
  });
});
