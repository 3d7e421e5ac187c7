import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { beforeEach, describe, expect, test } from "vitest";
import { beat, putResult, saveStep } from "#adapters/dynamodb/attempts.ts";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { shareKey, slotKey } from "#adapters/dynamodb/keys.ts";
import { freeSlot, noteTask, readHeld, slots } from "#adapters/dynamodb/line.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { openLog } from "#adapters/log.ts";
import { writeLogChunk } from "#adapters/s3/logs.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import type { Build } from "#core/build/build.ts";
import { taskNameOf } from "#core/build/task-name.ts";
import { VARIABLES } from "#core/layout.ts";
import { type FinishContext, taskStopped } from "#functions/finish/finish.ts";
import { endAttempt } from "#functions/finish/give-up.ts";
import { handler } from "#functions/sweep/handler.ts";
import { type SweepContext, sweep } from "#functions/sweep/sweep.ts";
import { auditTable } from "#test/kit/audit.ts";
import { audited } from "#test/kit/audited.ts";
import { POLICY } from "#test/kit/builds.ts";
import { readLogText } from "#test/kit/logs.ts";
import { createQueue, createTable, useMiniStack } from "#test/kit/ministack.ts";
import { drain } from "#test/kit/queues.ts";
import { useRealTasks } from "#test/kit/real-tasks.ts";
import { building, completedResult, dispatched, submitted } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const ecs = useRealTasks(aws);
let db: AuditedDb;
let context: SweepContext;
let tables = 0;
/** Of one test alone: a wake-up for a later try comes when another test may be running. */
let wakeUpQueue: string;
/** Sweep's own clock, which agrees with nobody's. */
let now: Date;
const later = (seconds: number): void => {
  now = new Date(now.getTime() + seconds * 1000);
};
const POSTED = new Date("2026-03-04T05:06:07.890Z");
const UNKNOWN = "arn:aws:ecs:us-east-1:000000000000:task/builds/0123456789abcdef";

beforeEach(async () => {
  db = audited(openDb({ table: await createTable(`sweep-${++tables}`) }));
  wakeUpQueue = await createQueue(`wake-up-sweep-${tables}`);
  now = new Date(POSTED.getTime() + 3_600_000);
  context = {
    db,
    bucket: openBucket(aws.bucket, db.client),
    wakeUps: openQueue(wakeUpQueue),
    ends: openQueue(aws.finishQueue),
    tasks: ecs.watched,
    slots: 2,
    slotsPerNamespace: 2,
    maxQueueHours: 24,
    maxAttemptMinutes: 60,
    ...POLICY,
    clock: () => now,
    log: openLog({ write: () => {} }),
  };
  await drain(aws.finishQueue);
});

const wakeUps = () => drain(wakeUpQueue);
const found = async (id: number): Promise<Build> => {
  const build = await getBuild(db, id);
  if (!build) throw new Error(`no build ${id}`);
  return build;
};
const statusOf = async (id: number) => (await getBuild(db, id))?.status;

/** A build whose task, a real process, runs and has claimed it. */
async function atWork() {
  const id = await submitted(db);
  const attempt = await dispatched(db, id);
  const task = await ecs.start(taskNameOf(id, attempt));
  const slot = (await slots(db)).find(({ build }) => build === id)?.slot ?? 0;
  await noteTask(db, { slot, build: id, attempt }, task);
  expect((await claimBuild(db, id, task, POSTED)).won).toBe(true);
  return { id, attempt, task, who: { build: id, attempt, owner: task } };
}

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
    const nextTryOn = new Date(now.getTime() + 60_000);
    const back = { name: "putBack", by: "dispatch", at: now, attempt: 1, because: "No.", nextTryOn } as const;
    await makeMove(db, id, back);
    await sweep(context);
    expect(await wakeUps()).toEqual([]);

    await building(db, "a");
    await building(db, "b");
    later(61);
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

describe("a slot", () => {
  test("of an attempt that no longer counts is freed and dispatch is woken", async () => {
    const { id, attempt } = await building(db, "me");
    await makeMove(db, id, { name: "fail", by: "finish", at: now, attempt, reason: "No.", artifacts: [] });
    const held = { slot: 1, build: id, attempt, task: null };
    await db.client.send(new PutCommand({ TableName: db.table, Item: { ...slotKey(1), ...held } }));

    expect(await sweep(context)).toMatchObject({ freed: 1, woke: true });

    expect(await slots(db)).toEqual([]);
    expect(await auditTable(db)).toEqual([]);
  });

  test("and a share of the namespace's that no slot belongs to is freed, so that none is lost for ever", async () => {
    const { id, attempt } = await building(db, "me");
    await makeMove(db, id, { name: "fail", by: "finish", at: now, attempt, reason: "No.", artifacts: [] });
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

describe("a task that died while its event was lost", () => {
  test("is made good: its build is tried again, told with exit code, signal and step; its slot is free", async () => {
    const { id, task, who } = await atWork();
    await saveStep(db, who, "install");
    await ecs.kill(task);

    expect(await sweep(context)).toMatchObject({ retried: 1, ended: 0, woke: true });

    const build = await getBuild(db, id);
    expect(build).toMatchObject({ status: "QUEUED", tries: { died: 1 } });
    for (const part of ["step install", "SIGKILL", "137", "try 2 of 3"])
      expect(build?.statusInfo).toContain(part);
    expect(await slots(db)).toEqual([]);
    expect(await auditTable(db)).toEqual([]);
  });

  test("for the last time ends its build with exit code, signal and step; its log ends with that; its slot is free", async () => {
    context = { ...context, maxTries: { ...POLICY.maxTries, died: 1 } };
    const { id, attempt, task, who } = await atWork();
    await saveStep(db, who, "install");
    const line = { at: now.toISOString(), step: "install", stream: "stdout" as const, text: "linking" };
    await writeLogChunk(context.bucket, id, attempt, 0, [line]);
    await sweep(context);
    expect(await statusOf(id)).toBe("BUILDING");
    await ecs.kill(task);

    expect(await sweep(context)).toMatchObject({ ended: 1, woke: true });

    const build = await getBuild(db, id);
    expect(build).toMatchObject({ status: "FAILED", endedOn: now });
    for (const part of ["step install", "SIGKILL", "137"]) expect(build?.statusInfo).toContain(part);
    const text = await readLogText(context.bucket, build?.artifacts ?? []);
    expect(text.trimEnd().split("\n")).toEqual(["install: linking", `FAILED: ${build?.statusInfo}`]);
    expect(await slots(db)).toEqual([]);
    expect(await auditTable(db)).toEqual([]);
  });

  test("after its result was written is not failed: finish is told again", async () => {
    const { id, attempt, task, who } = await atWork();
    await putResult(db, who, completedResult());
    await ecs.kill(task);

    for (let i = 0; i < 3; i++) {
      await sweep(context);
      later(100);
    }

    expect(await statusOf(id)).toBe("BUILDING");
    expect(await drain(aws.finishQueue)).toContainEqual({ buildId: id, attempt });
  });

  test("of which ECS knows nothing any more is given up after a while, not at once", async () => {
    const id = await submitted(db);
    const attempt = await dispatched(db, id);
    await noteTask(db, { slot: 1, build: id, attempt }, UNKNOWN);

    await sweep(context);
    later(60);
    await sweep(context);
    expect(await statusOf(id)).toBe("QUEUED");
    later(15);
    await sweep(context);

    expect(await getBuild(db, id)).toMatchObject({
      status: "QUEUED",
      tries: { died: 1 },
      statusInfo: expect.stringContaining("vanished before it began"),
    });
    expect(await auditTable(db)).toEqual([]);
  });
});

describe("a beat", () => {
  test("that stands still for 75 seconds of sweep's own clock ends the attempt, and nothing earlier does", async () => {
    const { id, attempt } = await building(db, "me");
    const who = { build: id, attempt, owner: "me" };
    await saveStep(db, who, "solve");
    await sweep(context);
    later(60);
    await beat(db, who, 1);
    await sweep(context);
    later(74);
    await sweep(context);
    expect(await statusOf(id)).toBe("BUILDING");

    later(1);
    await sweep(context);

    expect(await getBuild(db, id)).toMatchObject({
      status: "QUEUED",
      tries: { died: 1 },
      statusInfo: expect.stringContaining("no sign of life for 75 seconds in step solve"),
    });
    expect(await beat(db, who, 2)).toBe(false);
    expect(await auditTable(db)).toEqual([]);
  });

  test("that goes on keeps a build alive, whatever the clocks of API, task and sweep say", async () => {
    const { id, attempt } = await building(db, "me");
    for (const shift of [-600, 0, 600]) {
      later(shift);
      for (let i = 0; i < 3; i++) {
        await beat(db, { build: id, attempt, owner: "me" }, 1000 + shift / 100 + i);
        await sweep(context);
        later(60);
      }
    }

    expect(await statusOf(id)).toBe("BUILDING");
  });

  test("is not asked of a task that has not claimed yet; its time counts from the claim", async () => {
    const id = await submitted(db);
    await dispatched(db, id);
    for (let i = 0; i < 5; i++) {
      await sweep(context);
      later(60);
    }
    await claimBuild(db, id, "me", now);
    await sweep(context);
    later(60);
    await sweep(context);

    expect(await statusOf(id)).toBe("BUILDING");
  });

  test("still tells when ECS does not answer", async () => {
    const { id } = await building(db, UNKNOWN);
    const away = { ...context, tasks: { ...ecs.watched, cluster: "" } };
    Object.assign(away.tasks, { client: { send: () => Promise.reject(new Error("no answer")) } });
    await sweep(away);
    later(75);

    await sweep(away);

    expect((await getBuild(db, id))?.statusInfo).toContain("no sign of life");
  });
});

describe("limits", () => {
  test("an attempt that goes on beyond its own and a grace is stopped, and FAILED names the limit", async () => {
    const { id, task, who } = await atWork();
    for (let minute = 0; minute < 65; minute += 5) {
      await beat(db, who, minute + 1);
      await sweep(context);
      later(300);
    }
    expect(await statusOf(id)).toBe("BUILDING");
    await beat(db, who, 100);

    await sweep(context);

    expect((await getBuild(db, id))?.statusInfo).toMatch(/limit of 60 minutes \(maxAttemptMinutes\)/);
    await expect.poll(() => ecs.status(task), { timeout: 20_000 }).toBe("STOPPED");
    expect(await auditTable(db)).toEqual([]);
  });

  test("a build that is tried again does not pay for what it had waited before a task worked on it", async () => {
    const { id, attempt } = await building(db, "me", { at: POSTED });
    now = new Date(POSTED.getTime() + 25 * 3_600_000);
    await endAttempt(context, "finish", await found(id), attempt, { cause: "died", what: "It died." });
    await sweep(context);
    expect(await statusOf(id)).toBe("QUEUED");
    later(24 * 3600);

    await sweep(context);

    expect((await found(id)).statusInfo).toContain("maxQueueHours");
  });

  test("a build that waits longer than its own ends, in the line or asked for; FAILED names it; a younger one stays", async () => {
    const asked = await submitted(db, { at: POSTED });
    await dispatched(db, asked);
    const old = await submitted(db, { at: POSTED });
    const young = await submitted(db, { at: new Date(POSTED.getTime() + 60_000) });
    now = new Date(POSTED.getTime() + 24 * 3_600_000);

    await sweep(context);

    for (const id of [asked, old]) {
      expect(await getBuild(db, id)).toMatchObject({
        status: "FAILED",
        statusInfo: expect.stringMatching(/limit of 24 hours \(maxQueueHours\).*[Ww]aiting for/),
      });
    }
    expect(await statusOf(young)).toBe("QUEUED");
    expect(await auditTable(db)).toEqual([]);
  });
});

test("five passes at once, with finish among them, end each attempt and each build once", async () => {
  const { id, attempt, task } = await atWork();
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
