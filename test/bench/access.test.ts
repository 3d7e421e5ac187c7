import { expect, test } from "vitest";
import { BINDINGS, manyBindings, measureDecisions, RATIO_MIN } from "#bench/access/decisions.ts";

test("a decision with a thousand bindings is many times faster than the naive one, and the same", () => {
  expect(Object.keys(manyBindings())).toHaveLength(BINDINGS);
  const decisions = measureDecisions();
  expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, true, true, true, false]);
  for (const { says, ratio } of decisions) expect([says, ratio >= RATIO_MIN]).toEqual([says, true]);
});
