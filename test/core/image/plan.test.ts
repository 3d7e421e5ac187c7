import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BUCKETS,
  LAYERS_MAX,
  OWN_BYTES_MIN,
  OWN_MAX,
  type PlannedPackage,
  planLayers,
} from "#core/image/plan.ts";

const small = fc.integer({ min: 0, max: OWN_BYTES_MIN - 1 });
const large = fc.integer({ min: OWN_BYTES_MIN, max: 2 ** 31 });
const packages = (sizes: fc.Arbitrary<number>, maxLength: number) =>
  fc.uniqueArray(fc.record({ name: fc.stringMatching(/^[a-z][a-z0-9_-]{0,20}$/), sizeBytes: sizes }), {
    maxLength,
    selector: ({ name }) => name,
  });
const groupsOf = (plan: PlannedPackage[][]): string[] =>
  plan.map((group) => group.map(({ name }) => name).join(" "));
/** Groups of the one plan that the other has not. */
const lost = (before: string[], after: string[]): string[] =>
  before.filter((group) => !after.includes(group));

describe("layers", () => {
  test("hold every package once, are never empty and never too many", () => {
    fc.assert(
      fc.property(packages(fc.oneof(small, large), 300), (all) => {
        const plan = planLayers(all);
        expect(plan.flat().length).toBe(all.length);
        expect(new Set(plan.flat())).toEqual(new Set(all));
        expect(plan.every((group) => group.length > 0)).toBe(true);
        expect(plan.length).toBeLessThan(LAYERS_MAX);
      }),
    );
  });

  test("do not depend on the order of the packages", () => {
    fc.assert(
      fc.property(packages(fc.oneof(small, large), 100), (all) => {
        expect(groupsOf(planLayers(all.toReversed()))).toEqual(groupsOf(planLayers(all)));
      }),
    );
  });

  test("stay as they are when a package is added, but for the bucket that it goes to", () => {
    fc.assert(
      fc.property(packages(fc.oneof(small, large), OWN_MAX), (all) => {
        const [added, ...rest] = all;
        if (!added) return;
        const gone = lost(groupsOf(planLayers(rest)), groupsOf(planLayers(all)));
        expect(gone.length).toBeLessThanOrEqual(added.sizeBytes < OWN_BYTES_MIN ? 1 : 0);
      }),
    );
  });

  test("of more large packages than have layers of their own move one other at most", () => {
    const names = Array.from({ length: OWN_MAX + 20 }, (_, i) => `package-${i}`);
    fc.assert(
      fc.property(fc.array(large, { minLength: names.length, maxLength: names.length }), (sizes) => {
        const all = names.map((name, i) => ({ name, sizeBytes: sizes[i] ?? OWN_BYTES_MIN }));
        const gone = lost(groupsOf(planLayers(all.slice(1))), groupsOf(planLayers(all)));
        // The layer of the one that has none any more, and the bucket that it, or the new one, goes to.
        expect(gone.length).toBeLessThanOrEqual(2);
      }),
    );
  });

  test("fill the buckets evenly enough that none holds most", () => {
    const all = Array.from({ length: 1000 }, (_, i) => ({ name: `package-${i}`, sizeBytes: 1 }));
    const plan = planLayers(all);
    expect(plan).toHaveLength(BUCKETS);
    expect(Math.max(...plan.map((group) => group.length))).toBeLessThan(100);
  });
});
