import { beforeEach, describe, expect, test } from "vitest";
import { beat, getAttempt, putResult, saveStep } from "#adapters/dynamodb/attempts.ts";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { noteTask, slots, waitingDue } from "#adapters/dynamodb/line.ts";
import { type MoveOutcome, makeMove } from "#adapters/dynamodb/moves.ts";
import { getBuildCounts } from "#adapters/dynamodb/namespaces.ts";
import { waiting } from "#adapters/dynamodb/next-in-line.ts";
import type { Move } from "#core/build/move.ts";
import { auditTable } from "#test/kit/audit.ts";
import { audited } from "#test/kit/audited.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import { building, completedResult, dispatched, submission, submitted } from "#test/kit/submissions.ts";

useMiniStack();
let db: AuditedDb;
let tables = 0;
beforeEach(async () => {
  db = audited(openDb({ table: await createTable(`moves-${++tables}`) }));
});

const at = new Date("2026-05-01T00:00:00Z");
const complete = (attempt: number): Move => ({
  name: "complete",
  by: "finish",
  at,
  attempt,
  result: completedResult(),
});
const fail = (attempt: number): Move => ({
  name: "fail",
  by: "finish",
  at,
  attempt,
  reason: "It died.",
  artifacts: [],
});
const won = (outcomes: readonly { won: boolean }[]): number => outcomes.filter((each) => each.won).length;

describe("races", () => {
  test("of two claims one wins, and the other is told without an exception", async () => {
    const id = await submitted(db);
    await dispatched(db, id);

    const outcomes = await Promise.all(["a", "b", "c"].map((owner) => claimBuild(db, id, owner, at)));

    expect(won(outcomes)).toBe(1);
    const owner = ["a", "b", "c"][outcomes.findIndex((each) => each.won)];
    expect(await getAttempt(db, id, 1)).toMatchObject({ owner, beat: 0, closed: false });
    expect(await getBuild(db, id)).toMatchObject({ status: "BUILDING", attempt: 1, startedOn: at });
  });

  test("a claim repeated by its owner is won again; by another it is lost", async () => {
    const { id } = await building(db, "me");

    expect(await claimBuild(db, id, "me", at)).toMatchObject({ won: true, attempt: 1 });
    expect(await claimBuild(db, id, "you", at)).toMatchObject({ won: false });
  });

  test("of two that end a build one wins; the counts move once", async () => {
    const { id, attempt } = await building(db, "me");

    const outcomes = await Promise.all([
      makeMove(db, id, complete(attempt)),
      makeMove(db, id, complete(attempt)),
      makeMove(db, id, fail(attempt)),
    ]);

    expect(won(outcomes)).toBe(1);
    expect(await slots(db)).toEqual([]);
    expect(await getBuildCounts(db, "team")).toMatchObject({ builds: 1, active: 0 });
    expect(await auditTable(db)).toEqual([]);
  });

  test("a claim and a failure of the same attempt: whichever comes first, the build ends FAILED or runs", async () => {
    for (let round = 0; round < 5; round++) {
      const id = await submitted(db);
      await dispatched(db, id);

      const [claim, failure] = await Promise.all([claimBuild(db, id, "me", at), makeMove(db, id, fail(1))]);

      expect(failure.won).toBe(true);
      expect(await getBuild(db, id)).toMatchObject({ status: "FAILED", attempt: claim.won ? 1 : 0 });
      expect(await beat(db, { build: id, attempt: 1, owner: "me" }, 1)).toBe(false);
    }
    expect(await auditTable(db)).toEqual([]);
  });

  test("a build is dispatched once, and a slot holds one build", async () => {
    const [one, two] = [await submitted(db), await submitted(db)];
    const into = (id: number, slot: number): Promise<MoveOutcome> =>
      makeMove(db, id, { name: "dispatch", by: "dispatch", at, slot, share: slot, turn: 9 });

    expect(won(await Promise.all([into(one, 1), into(one, 2), into(one, 3)]))).toBe(1);
    const held = (await slots(db))[0]?.slot ?? 0;
    expect(await into(two, held)).toMatchObject({ won: false, taken: ["slot", "share"] });
    expect(await auditTable(db)).toEqual([]);
  });

  test("a build that does not exist is an answer too", async () => {
    expect(await makeMove(db, 99, complete(1))).toMatchObject({ won: false, found: null });
    expect(await claimBuild(db, 99, "me", at)).toMatchObject({ won: false });
  });
});

describe("an attempt that no longer counts", () => {
  test("can write neither beat nor step nor result after its build has ended, nor end it again", async () => {
    const { id, attempt } = await building(db, "me");
    const me = { build: id, attempt, owner: "me" };
    expect(await beat(db, me, 1)).toBe(true);
    expect(await saveStep(db, me, "install")).toBe(true);
    await makeMove(db, id, fail(attempt));
    const [build, record] = [await getBuild(db, id), await getAttempt(db, id, attempt)];

    expect(await beat(db, me, 2)).toBe(false);
    expect(await saveStep(db, me, "late")).toBe(false);
    expect(await putResult(db, me, completedResult())).toBe(false);
    expect(await makeMove(db, id, complete(attempt))).toMatchObject({ won: false });
    expect(await claimBuild(db, id, "me", at)).toMatchObject({ won: false });

    expect(await getBuild(db, id)).toEqual(build);
    expect(await getAttempt(db, id, attempt)).toEqual(record);
  });

  test("cannot claim or fail what a later attempt was asked for", async () => {
    const id = await submitted(db);
    await dispatched(db, id);
    const back = {
      name: "putBack",
      by: "dispatch",
      at,
      attempt: 1,
      because: "No room.",
      nextTryOn: at,
    } as const;
    expect(await makeMove(db, id, back)).toMatchObject({ won: true });
    expect(await dispatched(db, id)).toBe(2);

    const late = { name: "claim", by: "task", at, attempt: 1, owner: "ghost" } as const;
    expect(await makeMove(db, id, late)).toMatchObject({ won: false });
    expect(await makeMove(db, id, fail(1))).toMatchObject({ won: false });
    expect(await makeMove(db, id, back)).toMatchObject({ won: false });
    expect(await noteTask(db, { slot: 1, build: id, attempt: 1 }, "ghost")).toBeUndefined();

    expect(await slots(db)).toMatchObject([{ build: id, attempt: 2, task: null }]);
    expect(await auditTable(db)).toEqual([]);
  });

  test("of another owner is told apart from mine", async () => {
    const { id, attempt } = await building(db, "me");

    expect(await beat(db, { build: id, attempt, owner: "you" }, 1)).toBe(false);
    expect(await putResult(db, { build: id, attempt: 2, owner: "me" }, completedResult())).toBe(false);
  });

  test("keeps a beat that only grows, and takes a repeated write for done", async () => {
    const { id, attempt } = await building(db, "me");
    const me = { build: id, attempt, owner: "me" };

    expect(await beat(db, me, 5)).toBe(true);
    expect(await beat(db, me, 5)).toBe(true);
    expect(await beat(db, me, 4)).toBe(false);
    expect((await getAttempt(db, id, attempt))?.beat).toBe(5);
  });
});

describe("the waiting line", () => {
  test("gives builds in the order they were posted and passes over those put back until they are due", async () => {
    const ids = [];
    for (let i = 0; i < 12; i++) ids.push(await submitted(db));
    const [first = 0] = ids;
    await dispatched(db, first);
    const soon = new Date(at.getTime() + 60_000);
    const back = {
      name: "putBack",
      by: "dispatch",
      at,
      attempt: 1,
      because: "No room.",
      nextTryOn: soon,
    } as const;
    await makeMove(db, first, back);

    expect((await waiting(db, 3)).oldest.map(({ build }) => build)).toEqual(ids.slice(0, 3));
    expect((await waitingDue(db, "team", at, 2)).map(({ build }) => build)).toEqual(ids.slice(1, 3));
    expect((await waitingDue(db, "team", soon, 2)).map(({ build }) => build)).toEqual(ids.slice(0, 2));
    expect(await waitingDue(db, "team", soon, 100)).toHaveLength(12);
    expect((await getBuild(db, first))?.statusInfo).toBe(
      "Attempt 1 could not start: No room. Next try at 2026-05-01T00:01:00Z.",
    );
  });
});

describe("the current build", () => {
  const ended = async (id: number): Promise<void> => {
    await dispatched(db, id);
    await claimBuild(db, id, `owner-${id}`, at);
    const artifacts = [{ type: "DIRECTORY" as const, key: `/store/team/dir-${id}`, sizeBytes: 0 }];
    const move = { ...complete(1), result: completedResult({ artifacts }) } as Move;
    expect(await makeMove(db, id, move)).toMatchObject({ won: true });
  };

  test("is the newest that completed, and an older one that ends late asks for no link", async () => {
    const [one, two, three] = [await submitted(db), await submitted(db), await submitted(db)];

    await ended(two);
    expect(await getEnvironment(db, "team", "demo")).toMatchObject({
      currentBuildId: two,
      link: { version: 1, buildKey: `dir-${two}` },
    });
    await ended(one);
    expect(await getEnvironment(db, "team", "demo")).toMatchObject({
      currentBuildId: two,
      link: { version: 1, buildKey: `dir-${two}` },
    });
    await ended(three);
    expect(await getEnvironment(db, "team", "demo")).toMatchObject({
      currentBuildId: three,
      link: { version: 2, buildKey: `dir-${three}` },
    });
  });

  test("is right when many end at the same moment", async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, () => submitted(db, submission())));
    for (const id of ids) {
      await dispatched(db, id);
      await claimBuild(db, id, `owner-${id}`, at);
    }

    const outcomes = await Promise.all(ids.map((id) => makeMove(db, id, complete(1))));

    expect(won(outcomes)).toBe(6);
    expect((await getEnvironment(db, "team", "demo"))?.currentBuildId).toBe(Math.max(...ids));
    expect(await auditTable(db)).toEqual([]);
  });
});
