import { expect, test } from "vitest";
import { endsOf, faultsOfEnds, faultsOfJournal } from "./journal.ts";
import { planOf, STEPS } from "./plan.ts";

test("a seed always gives the same plan, another seed another", () => {
  expect(planOf(7, 100)).toEqual(planOf(7, 100));
  expect(planOf(8, 100)).not.toEqual(planOf(7, 100));
});

test("enough builds meet every kind of mishap, and death at both sides of every step", () => {
  const plan = planOf(1, 300);
  const kills = plan.flatMap(({ mishap }) => (mishap?.kind === "task killed at a step" ? [mishap] : []));

  for (const step of STEPS) {
    expect(kills).toContainEqual(expect.objectContaining({ step, when: "before" }));
    expect(kills).toContainEqual(expect.objectContaining({ step, when: "after" }));
  }
  expect(new Set(plan.map(({ mishap }) => mishap?.kind)).size).toBe(19);
});

const write = (attempt: number, owner: string) => ({ build: 1, attempt, owner, step: null });

test("the journal's check finds an attempt that writes after the next has begun", () => {
  expect(faultsOfJournal([write(1, "a"), write(1, "a"), write(2, "b"), write(2, "b")])).toEqual([]);
  expect(faultsOfJournal([write(1, "a"), write(2, "b"), write(1, "a")])).toHaveLength(1);
  expect(faultsOfJournal([write(1, "a"), write(1, "b"), write(1, "a")])).toHaveLength(1);
});

test("a build's end is read from what the table took; one that ends twice, or without a reason, is found", () => {
  const ending = (ClientRequestToken: string, status: string, statusInfo: string | null) => {
    const values = { ":set_status": { S: status }, ":set_statusInfo": statusInfo ? { S: statusInfo } : {} };
    const Update = { Key: { pk: { S: "BUILD#7" }, sk: { S: "BUILD" } }, ExpressionAttributeValues: values };
    const body = Buffer.from(
      JSON.stringify({ ClientRequestToken, TransactItems: [{ Update }, { Put: {} }] }),
    );
    return endsOf({ by: "finish", service: "dynamodb", operation: "TransactWriteItems", body });
  };

  expect(ending("a", "BUILDING", null)).toEqual([]);
  const completed = ending("a", "COMPLETED", null);
  expect(completed).toEqual([{ build: 7, status: "COMPLETED", statusInfo: null, token: "a" }]);
  // The same transaction, sent again when its answer was lost.
  expect(faultsOfEnds([...completed, ...completed])).toEqual([]);
  expect(faultsOfEnds([...completed, ...ending("b", "CANCELED", "Canceled.")])).toHaveLength(1);
  expect(faultsOfEnds(ending("a", "FAILED", null))).toHaveLength(1);
});
