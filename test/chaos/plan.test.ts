import { expect, test } from "vitest";
import { faultsOfJournal } from "./journal.ts";
import { planOf, STEPS } from "./plan.ts";

test("a seed always gives the same plan, another seed another", () => {
  expect(planOf(7, 100)).toEqual(planOf(7, 100));
  expect(planOf(8, 100)).not.toEqual(planOf(7, 100));
});

test("enough builds meet every kind of mishap, and death at both sides of every step", () => {
  const plan = planOf(1, 140);
  const kills = plan.flatMap(({ mishap }) => (mishap?.kind === "task killed at a step" ? [mishap] : []));

  for (const step of STEPS) {
    expect(kills).toContainEqual(expect.objectContaining({ step, when: "before" }));
    expect(kills).toContainEqual(expect.objectContaining({ step, when: "after" }));
  }
  expect(new Set(plan.map(({ mishap }) => mishap?.kind)).size).toBe(11);
});

const write = (attempt: number, owner: string) => ({ build: 1, attempt, owner, step: null });

test("the journal's check finds an attempt that writes after the next has begun", () => {
  expect(faultsOfJournal([write(1, "a"), write(1, "a"), write(2, "b"), write(2, "b")])).toEqual([]);
  expect(faultsOfJournal([write(1, "a"), write(2, "b"), write(1, "a")])).toHaveLength(1);
  expect(faultsOfJournal([write(1, "a"), write(1, "b"), write(1, "a")])).toHaveLength(1);
});
