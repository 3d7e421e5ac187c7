import { beforeEach, describe, expect, test } from "vitest";
import { type Db, openDb } from "#adapters/dynamodb/db.ts";
import { leaveRing, readTurns } from "#adapters/dynamodb/line.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { nextInLine, waiting } from "#adapters/dynamodb/next-in-line.ts";
import { auditTable } from "#test/kit/audit.ts";
import { meter } from "#test/kit/meter.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import { dispatched, submitted } from "#test/kit/submissions.ts";

useMiniStack();
let db: Db;
let tables = 0;
const at = new Date("2026-05-01T00:00:00Z");
beforeEach(async () => {
  db = openDb({ table: await createTable(`next-in-line-${++tables}`) });
});

async function post(namespaces: number, each: number): Promise<void> {
  for (let i = 0; i < namespaces; i++) {
    for (let n = 0; n < each; n++) await submitted(db, { namespace: `team-${i}` });
  }
}
const next = async (slots: number, room: number) =>
  nextInLine(db, await readTurns(db), at, { slots, room: () => room });

describe("the builds that come next", () => {
  test("cost as many reads whatever the length of the lines", async () => {
    await post(4, 3);
    const spent = meter(db);
    const few = await next(6, 9);
    const calls = spent.commands.length;
    await post(4, 12);
    spent.reset();

    const many = await next(6, 9);

    expect(many).toEqual(few);
    expect(spent.commands).toHaveLength(calls);
    expect(calls).toBe(5);
  });

  test("are found behind builds that are not due, of the namespaces that have them", async () => {
    await post(2, 2);
    for (const { build } of (await waiting(db, 9)).oldest) {
      const attempt = await dispatched(db, build);
      const nextTryOn = new Date(at.getTime() + (build % 2 === 0 ? 0 : 60_000));
      const back = { name: "putBack", by: "dispatch", at, attempt, because: "No.", nextTryOn } as const;
      expect((await makeMove(db, build, back)).won).toBe(true);
    }

    expect((await next(4, 9)).map(({ build }) => build % 2)).toEqual([0, 0]);
  });
});

test("with more namespaces than a pass looks at, each has its oldest build looked at in one of the next passes", async () => {
  await post(5, 2);
  const seen = new Set<string>();
  for (let round = 0; round < 3; round++) {
    const { oldest: heads, count } = await waiting(db, 2, round);
    expect(count).toBe(10);
    expect(heads).toHaveLength(2);
    for (const { namespace } of heads) seen.add(namespace);
  }
  expect(seen.size).toBe(5);
});

test("a namespace leaves the ring only while nothing of it waits, whoever posts meanwhile", async () => {
  const id = await submitted(db);
  await leaveRing(db, "team");
  expect(await readTurns(db)).toMatchObject([{ namespace: "team", waiting: 1 }]);
  await dispatched(db, id);

  await Promise.all([
    ...[1, 2, 3, 4].map(() => leaveRing(db, "team")),
    ...[1, 2, 3].map(() => submitted(db)),
    ...[1, 2, 3, 4].map(() => leaveRing(db, "team")),
  ]);

  expect(await readTurns(db)).toMatchObject([{ namespace: "team", waiting: 3 }]);
  expect((await waiting(db, 9)).oldest).toHaveLength(3);
  expect(await auditTable(db)).toEqual([]);
});
