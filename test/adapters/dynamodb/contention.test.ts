import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { slots } from "#adapters/dynamodb/line.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { getBuildCounts } from "#adapters/dynamodb/namespaces.ts";
import { waiting } from "#adapters/dynamodb/next-in-line.ts";
import { AGAIN, withRetry } from "#adapters/dynamodb/retry.ts";
import type { Move } from "#core/build/move.ts";
import { auditTable } from "#test/kit/audit.ts";
import { audited } from "#test/kit/audited.ts";
import { useFlakyDynamoDb } from "#test/kit/flaky-dynamodb.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import { completedResult, dispatched, submitted } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const flaky = useFlakyDynamoDb(aws);
let db: AuditedDb;
let tables = 0;
const at = new Date("2026-05-01T00:00:00Z");

beforeEach(async () => {
  db = audited(openDb({ table: await createTable(`contention-${++tables}`), endpoint: flaky.endpoint }));
  flaky.mishaps = [];
  flaky.asked = 0;
});

test("conflicts and throttling are tried again, and the write happens once", async () => {
  flaky.mishaps = ["conflict", "throttle", "conflict"];

  const id = await submitted(db);
  flaky.mishaps = ["conflict", "conflict"];
  await dispatched(db, id);

  expect((await waiting(db, 9)).oldest).toEqual([]);
  expect(await getBuildCounts(db, "team")).toMatchObject({ builds: 1, active: 1 });
  expect(await auditTable(db)).toEqual([]);
});

test("an answer that was lost is no second write and no lost race", async () => {
  flaky.mishaps = ["lose the answer"];
  const id = await submitted(db);
  flaky.mishaps = ["lose the answer"];
  expect(await dispatched(db, id)).toBe(1);
  flaky.mishaps = ["lose the answer"];
  expect(await claimBuild(db, id, "me", at)).toMatchObject({ won: true, attempt: 1 });
  flaky.mishaps = ["lose the answer"];
  const complete = { name: "complete", by: "finish", at, attempt: 1, result: completedResult() } as const;
  expect(await makeMove(db, id, complete)).toMatchObject({ won: true });

  // Each of the four was asked for twice.
  expect(flaky.asked).toBe(8);
  expect((await waiting(db, 9)).oldest).toEqual([]);
  expect(await getBuildCounts(db, "team")).toMatchObject({ builds: 1, active: 0, completed: 1 });
  expect(await auditTable(db)).toEqual([]);
});

test("contention without end is an error that says to try again, and nothing is written", async () => {
  let tries = 0;
  const never = withRetry(
    async () => {
      tries++;
      return AGAIN;
    },
    { triesMax: 4, baseMilliseconds: 1 },
  );

  await expect(never).rejects.toMatchObject({ code: "try_again" });
  expect(tries).toBe(4);
});

test("after any mix of moves made at once by many, counts equal recounts and everything ends with its slots free", async () => {
  const ids: number[] = [];
  for (let i = 0; i < 6; i++) ids.push(await submitted(db, { environment: `env-${i % 2}` }));
  const [first = 0] = ids;
  await dispatched(db, first);
  await claimBuild(db, first, "owner-1", at);
  await makeMove(db, first, moveOf("complete", 1, 1));
  const step = fc.record({
    id: fc.constantFrom(...ids),
    name: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom("dispatch" as const, "claim" as const) },
      { weight: 2, arbitrary: fc.constant("complete" as const) },
      { weight: 1, arbitrary: fc.constantFrom("putBack" as const, "fail" as const, "submit" as const) },
    ),
    slot: fc.integer({ min: 1, max: 3 }),
    /** The attempt that counts, or one before it. */
    behind: fc.constantFrom(0, 0, 0, 1),
  });
  const random = fc.sample(step, { numRuns: 240, seed: 20260501 });
  // Two lost answers at most, because the SDK asks three times; eight conflicts, because we try twelve times: whoever
  // meets them all still gets through.
  flaky.mishaps = Array.from({ length: 10 }, (_, i) => (i % 5 === 2 ? "lose the answer" : "conflict"));
  const perform = async ({ id, name, slot, behind }: (typeof random)[number]): Promise<void> => {
    if (name === "submit") ids.push(await submitted(db, { environment: `env-${slot}` }));
    else if (name === "claim") await claimBuild(db, id, `owner-${slot}`, at);
    else {
      const { dispatched = 0 } = (await getBuild(db, id)) ?? {};
      await makeMove(db, id, moveOf(name, slot, Math.max(0, dispatched - behind)));
    }
  };

  // Eight lanes at once, each with its own part of the moves.
  await Promise.all(
    Array.from({ length: 8 }, async (_, lane) => {
      for (const each of random.filter((_step, i) => i % 8 === lane)) await perform(each);
    }),
  );

  expect(await auditTable(db)).toEqual([]);
  const left = await Promise.all(ids.map((id) => getBuild(db, id)));
  await Promise.all(
    left.map((build) => build && makeMove(db, build.id, moveOf("fail", 1, build.dispatched))),
  );
  expect(await slots(db)).toEqual([]);
  expect((await waiting(db, 99)).oldest).toEqual([]);
  expect(await getBuildCounts(db, "team")).toMatchObject({ builds: ids.length, active: 0 });
  expect(await auditTable(db)).toEqual([]);
  // Which of the others complete is a matter of who comes first; what is final stays as it was.
  const ended = await Promise.all(ids.map((id) => getBuild(db, id)));
  expect(ended.find((build) => build?.id === first)?.status).toBe("COMPLETED");
  expect(ended.filter((build) => !["COMPLETED", "FAILED"].includes(build?.status ?? ""))).toEqual([]);
});

function moveOf(name: "dispatch" | "putBack" | "complete" | "fail", slot: number, attempt: number): Move {
  switch (name) {
    case "dispatch":
      return { name, by: "dispatch", at, slot, share: slot, turn: 9 };
    case "putBack":
      return { name, by: "dispatch", at, attempt, because: "No.", nextTryOn: at };
    case "complete":
      return { name, by: "finish", at, attempt, result: completedResult() };
    case "fail":
      return { name, by: "finish", at, attempt, reason: "No.", artifacts: [] };
  }
}
