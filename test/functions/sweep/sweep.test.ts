import { beforeEach, describe, expect, test } from "vitest";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { PutCommand } from "#adapters/dynamodb/commands.ts";
import { shareKey, slotKey } from "#adapters/dynamodb/keys.ts";
import { freeSlot, readHeld, slots } from "#adapters/dynamodb/line.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import { VARIABLES } from "#core/layout.ts";
import { type FinishContext, taskStopped } from "#functions/finish/finish.ts";
import { handler } from "#functions/sweep/handler.ts";
import { type SweepContext, sweep } from "#functions/sweep/sweep.ts";
import { auditTable } from "#test/kit/audit.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { drain } from "#test/kit/queues.ts";
import { useRealTasks } from "#test/kit/real-tasks.ts";
import { building, dispatched, submitted } from "#test/kit/submissions.ts";
import { atWork, POSTED, useSweeping } from "#test/kit/sweeping.ts";

const aws = useMiniStack();
const ecs = useRealTasks(aws);
const sweeping = useSweeping(aws, ecs, "sweep");
let db: AuditedDb;
let context: SweepContext;
let wakeUpQueue: string;
beforeEach(() => {
  ({ db, context, wakeUpQueue } = sweeping);
});
const wakeUps = () => drain(wakeUpQueue);
const statusOf = async (id: number) => (await getBuild(db, id))?.status;

describe("a wake-up that was lost", () => {
  test("is made good by one, however many builds wait", async () => {
    for (let i = 0; i < 3; i++) await submitted(db);

    expect(await sweep(context)).toMatchObject({ woke: true, ended: 0 });

    expect(await wakeUps()).toHaveLength(1);
  });

  test("is not missed where nothing waits, no slot is free, or the next try is not due", async () => {
    await sweep(context);
    const id = await submitted(db);
    await dispatched(db, id);
    const nextTryOn = new Date(sweeping.now.getTime() + 60_000);
    const back = {
      name: "putBack",
      by: "dispatch",
      at: sweeping.now,
      attempt: 1,
      because: "No.",
      nextTryOn,
    } as const;
    await makeMove(db, id, back);
    await sweep(context);
    expect(await wakeUps()).toEqual([]);

    await building(db, "a");
    await building(db, "b");
    sweeping.later(61);
    await sweep(context);
    expect(await wakeUps()).toEqual([]);
  });

  test("is not missed where a slot is free and its namespace has all that it may", async () => {
    await building(db, "a");
    await building(db, "b");
    await submitted(db);
    context = { ...context, slots: 3 };
    await sweep(context);
    expect(await wakeUps()).toEqual([]);

    await submitted(db, { namespace: "other" });
    await sweep(context);
    expect(await wakeUps()).toHaveLength(1);
  });

  test("between taking a slot and asking ECS is made good, too", async () => {
    await dispatched(db, await submitted(db));

    await sweep(context);

    expect(await wakeUps()).toHaveLength(1);
  });
});

const fail = (id: number, attempt: number) =>
  makeMove(db, id, { name: "fail", by: "finish", at: sweeping.now, attempt, reason: "No.", artifacts: [] });

describe("a slot", () => {
  test("of an attempt that no longer counts is freed and dispatch is woken", async () => {
    const { id, attempt } = await building(db, "me");
    await fail(id, attempt);
    const held = { slot: 1, build: id, attempt, task: null };
    await db.client.send(new PutCommand({ TableName: db.table, Item: { ...slotKey(1), ...held } }));

    expect(await sweep(context)).toMatchObject({ freed: 1, woke: true });

    expect(await slots(db)).toEqual([]);
    expect(await auditTable(db)).toEqual([]);
  });

  test("and a share of the namespace's that no slot belongs to is freed, so that none is lost for ever", async () => {
    const { id, attempt } = await building(db, "me");
    await fail(id, attempt);
    const held = { namespace: "team", share: 2, build: id, attempt };
    await db.client.send(new PutCommand({ TableName: db.table, Item: { ...shareKey("team", 2), ...held } }));

    expect(await sweep(context)).toMatchObject({ freed: 1, woke: true });

    expect(await readHeld(db)).toEqual({ slots: [], shares: [] });
    expect(await auditTable(db)).toEqual([]);
  });

  test("that another attempt has taken meanwhile is left to it", async () => {
    const { id, attempt } = await building(db, "me");

    expect(await freeSlot(db, { slot: 1, build: id, attempt: attempt - 1 })).toBe(false);
    expect(await slots(db)).toHaveLength(1);
  });
});

test("five passes at once, with finish among them, end each attempt and each build once", async () => {
  const { id, attempt, task } = await atWork(sweeping, ecs);
  const old = await submitted(db, { at: new Date(POSTED.getTime() - 24 * 3_600_000) });
  await ecs.kill(task);
  const finish: FinishContext = { ...context, db, links: openQueue(aws.linkQueue) };
  const stopped = { build: id, attempt, task, stopCode: null, stoppedReason: null };

  const passes = await Promise.all([
    ...Array.from({ length: 5 }, () => sweep(context)),
    taskStopped(finish, { ...stopped, exitCode: 137, containerReason: null }).then(() => ({
      retried: 0,
      ended: 0,
    })),
  ]);

  expect(passes.reduce((sum, { ended }) => sum + ended, 0)).toBeLessThanOrEqual(1);
  expect(passes.reduce((sum, { retried }) => sum + retried, 0)).toBeLessThanOrEqual(1);
  expect(await getBuild(db, id)).toMatchObject({ status: "QUEUED", tries: { died: 1 } });
  expect(await statusOf(old)).toBe("FAILED");
  expect(await auditTable(db)).toEqual([]);
  expect(await sweep(context)).toMatchObject({ freed: 0, announced: 0, retried: 0, ended: 0, woke: false });
});

test("the entry finds its parts in the environment", async () => {
  Object.assign(process.env, {
    [VARIABLES.table]: db.table,
    [VARIABLES.bucket]: aws.bucket,
    [VARIABLES.wakeUpQueue]: wakeUpQueue,
    [VARIABLES.finishQueue]: aws.finishQueue,
    [VARIABLES.cluster]: "builds",
    [VARIABLES.slots]: "2",
    [VARIABLES.slotsPerNamespace]: "2",
    // The build was posted at a time of its own, so only a limit without an end leaves it waiting.
    [VARIABLES.maxQueueHours]: "999999",
    [VARIABLES.maxAttemptMinutes]: "60",
    [VARIABLES.maxTries]: "{}",
    [VARIABLES.taskSizes]: '[{"cpuUnits":1024,"memoryMiB":4096}]',
    [VARIABLES.linkQueue]: aws.linkQueue,
    [VARIABLES.settings]: "{}",
    [VARIABLES.removalGraceMinutes]: "60",
    [VARIABLES.auditDays]: "365",
    [VARIABLES.logLevel]: "error",
  });
  await submitted(db);

  expect(await handler()).toMatchObject({
    freed: 0,
    announced: 0,
    retried: 0,
    ended: 0,
    woke: true,
    jobs: 0,
  });
});
