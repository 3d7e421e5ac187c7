import { DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { beforeEach, describe, expect, test } from "vitest";
import { beat, putResult, saveStep } from "#adapters/dynamodb/attempts.ts";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { slots } from "#adapters/dynamodb/line.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { waiting } from "#adapters/dynamodb/next-in-line.ts";
import { openLog } from "#adapters/log.ts";
import { writeLogChunk } from "#adapters/s3/logs.ts";
import { putObject } from "#adapters/s3/objects.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import type { StoppedTask } from "#core/build/stopped-task.ts";
import { archiveKey, logKey, VARIABLES } from "#core/layout.ts";
import { type FinishContext, taskReported, taskStopped } from "#functions/finish/finish.ts";
import { handler } from "#functions/finish/handler.ts";
import { auditTable } from "#test/kit/audit.ts";
import { audited } from "#test/kit/audited.ts";
import { POLICY } from "#test/kit/builds.ts";
import { readLogText } from "#test/kit/logs.ts";
import { createQueue, createTable, useMiniStack } from "#test/kit/ministack.ts";
import { drain } from "#test/kit/queues.ts";
import { building, completedResult, dispatched, sha256Of, submitted } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const TEXT = sha256Of("what a task said");
let db: AuditedDb;
let context: FinishContext;
let tables = 0;
/** Of one test alone: a wake-up for a later try comes when another test may be running. */
let wakeUpQueue: string;
const at = new Date("2026-05-01T00:00:00Z");
const TASK = "arn:aws:ecs:us-east-1:000000000000:task/builds/1";

beforeEach(async () => {
  db = audited(openDb({ table: await createTable(`finish-${++tables}`) }));
  wakeUpQueue = await createQueue(`wake-up-finish-${tables}`);
  context = {
    db,
    bucket: openBucket(aws.bucket, db.client),
    wakeUps: openQueue(wakeUpQueue),
    links: openQueue(aws.linkQueue),
    ...POLICY,
    clock: () => at,
    log: openLog({ write: () => {} }),
  };
  await drain(aws.linkQueue);
});

const stopped = (build: number, attempt: number, changes: Partial<StoppedTask> = {}): StoppedTask => ({
  build,
  attempt,
  task: TASK,
  stopCode: "EssentialContainerExited",
  stoppedReason: "Essential container in task exited",
  exitCode: 137,
  containerReason: null,
  ...changes,
});

/** A build whose task has written its result; its archive lies in the bucket. */
async function reported(owner = TASK) {
  const { id, attempt } = await building(db, owner);
  const key = archiveKey(sha256Of(`archive of ${db.table} ${id}`));
  await putObject(context.bucket, key, "archive", { contentType: "application/gzip" });
  const artifacts = [
    { type: "CONDA_PACK" as const, key, sizeBytes: 7 },
    { type: "DIRECTORY" as const, key: `/opt/conda-store/team/dir-${id}`, sizeBytes: 0 },
  ];
  const result = completedResult({ artifacts });
  const me = { build: id, attempt, owner };
  expect(await putResult(db, me, result)).toBe(true);
  return { id, attempt, me, result };
}

describe("a result", () => {
  test("whose artifacts are there completes the build, asks for the link and wakes dispatch", async () => {
    const { id, attempt, result } = await reported();

    await taskReported(context, { buildId: id, attempt });

    expect(await getBuild(db, id)).toMatchObject({
      status: "COMPLETED",
      statusInfo: null,
      endedOn: at,
      sizeBytes: 1000,
      artifacts: result.artifacts,
      lockDigest: result.lockDigest,
    });
    expect(await getEnvironment(db, "team", "demo")).toMatchObject({
      currentBuildId: id,
      link: { version: 1, buildKey: `dir-${id}` },
    });
    expect(await drain(aws.linkQueue)).toEqual([{ namespace: "team", environment: "demo" }]);
    expect(await drain(wakeUpQueue)).toEqual([{ reason: `build ${id} has ended` }]);
    expect(await auditTable(db)).toEqual([]);
  });

  test.each<[string, (id: number) => { key: string; sizeBytes: number }]>([
    ["is not there", () => ({ key: archiveKey("nowhere"), sizeBytes: 7 })],
    ["is another build's log", (id) => ({ key: logKey(id + 1, TEXT), sizeBytes: 7 })],
  ])("that names an archive which %s fails the build and says so", async (_what, place) => {
    const { id, attempt } = await building(db, "me");
    await putObject(context.bucket, logKey(id + 1, TEXT), "private", { contentType: "text/plain" });
    const artifacts = [{ type: "CONDA_PACK" as const, ...place(id) }];
    await putResult(db, { build: id, attempt, owner: "me" }, completedResult({ artifacts }));

    await taskReported(context, { buildId: id, attempt });

    expect(await getBuild(db, id)).toMatchObject({ status: "FAILED", artifacts: [] });
    expect((await getBuild(db, id))?.statusInfo).toContain("did not reach the store: CONDA_PACK");
    expect(await drain(aws.linkQueue)).toEqual([]);
  });

  test("that names an archive of another size fails the build", async () => {
    const { id, attempt, me, result } = await reported();
    const artifacts = result.artifacts.map((artifact) => ({ ...artifact, sizeBytes: 8 }));
    await putResult(db, me, { ...result, artifacts });

    await taskReported(context, { buildId: id, attempt });

    expect((await getBuild(db, id))?.status).toBe("FAILED");
  });

  test("of a failure becomes the build's reason, without secrets, and its log is kept", async () => {
    const { id, attempt } = await building(db, "me");
    await putObject(context.bucket, logKey(id, TEXT), "log", { contentType: "text/plain" });
    const logs = { type: "LOGS" as const, key: logKey(id, TEXT), sizeBytes: 3 };
    const reason = "No numpy >=99 in https://user:hunter2@example.org/c: ask for less.";
    await putResult(
      db,
      { build: id, attempt, owner: "me" },
      {
        outcome: "failed",
        reason,
        step: "solve",
        artifacts: [logs],
      },
    );

    await taskReported(context, { buildId: id, attempt });

    expect(await getBuild(db, id)).toMatchObject({
      status: "FAILED",
      statusInfo: "No numpy >=99 in https://***@example.org/c: ask for less.",
      artifacts: [logs],
    });
    expect((await getEnvironment(db, "team", "demo"))?.link.version).toBe(0);
    expect(await drain(wakeUpQueue)).toHaveLength(1);
    expect(await auditTable(db)).toEqual([]);
  });

  test("that is not there yet, or of a build nobody knows, changes nothing", async () => {
    const { id, attempt } = await building(db, "me");

    await taskReported(context, { buildId: id, attempt });
    await taskReported(context, { buildId: 999, attempt: 1 });

    expect((await getBuild(db, id))?.status).toBe("BUILDING");
    expect(await drain(wakeUpQueue)).toEqual([]);
  });
});

/** Goes on with the next attempt, whatever its next try is: time is dispatch's matter. */
async function nextAttempt(id: number, owner: string): Promise<number> {
  const attempt = await dispatched(db, id);
  expect((await claimBuild(db, id, owner, at)).won).toBe(true);
  return attempt;
}

describe("supervisor killed", () => {
  test("the build waits for its next try, told with exit code, signal, ECS's words and step; slot and dispatch are free", async () => {
    const { id, attempt } = await building(db, TASK);
    const me = { build: id, attempt, owner: TASK };
    await saveStep(db, me, "install");

    await taskStopped(context, stopped(id, attempt));

    const build = await getBuild(db, id);
    expect(build).toMatchObject({ status: "QUEUED", dispatched: 0, tries: { died: 1 } });
    for (const part of ["step install", "SIGKILL", "137", "Essential container in task exited"]) {
      expect(build?.statusInfo).toContain(part);
    }
    expect(build?.statusInfo).toMatch(/Attempt 2 follows at 2026-05-01T00:00:0\dZ; try 2 of 3\.$/);
    expect(await slots(db)).toEqual([]);
    expect((await waiting(db, 1)).oldest[0]?.nextTryOn?.getTime()).toBeGreaterThan(at.getTime());
    expect(await drain(wakeUpQueue)).toContainEqual({ reason: `build ${id} gave its slot back` });
    expect(await auditTable(db)).toEqual([]);
  });

  test("the third time the build fails with count and cause; its log has every attempt and ends with that", async () => {
    const id = await submitted(db);
    for (const n of [1, 2, 3]) {
      const attempt = await nextAttempt(id, TASK);
      await saveStep(db, { build: id, attempt, owner: TASK }, "install");
      const line = { at: at.toISOString(), step: "install", stream: "stdout" as const, text: `linking ${n}` };
      await writeLogChunk(context.bucket, id, attempt, 0, [line]);
      await taskStopped(context, stopped(id, attempt));
    }

    const build = await getBuild(db, id);
    expect(build?.status).toBe("FAILED");
    for (const part of ["attempt 3", "step install", "SIGKILL", "last of 3 tries", "maxTries.died"]) {
      expect(build?.statusInfo).toContain(part);
    }
    const text = await readLogText(context.bucket, build?.artifacts ?? []);
    expect(text).toMatch(/linking 1\n.*linking 2\n.*linking 3\n/s);
    expect(text.trimEnd().split("\n").at(-1)).toContain(`FAILED: ${build?.statusInfo}`);
    expect(build?.artifacts).toEqual([
      { type: "LOGS", key: logKey(id, sha256Of(text)), sizeBytes: text.length },
    ]);
    expect(await slots(db)).toEqual([]);
    expect(await auditTable(db)).toEqual([]);
  });

  test("an attempt that is over can write nothing, claim nothing and end nothing of the one that follows", async () => {
    const { id, attempt } = await building(db, "late");
    const late = { build: id, attempt, owner: "late" };
    await taskStopped(context, stopped(id, attempt));
    await nextAttempt(id, TASK);
    const before = await getBuild(db, id);

    expect(await beat(db, late, 9)).toBe(false);
    expect(await saveStep(db, late, "publish")).toBe(false);
    expect(await putResult(db, late, completedResult())).toBe(false);
    expect(await claimBuild(db, id, "late", at)).toMatchObject({ won: false });
    await taskReported(context, { buildId: id, attempt });
    for (let i = 0; i < 3; i++) await taskStopped(context, stopped(id, attempt, { task: "late" }));

    expect(await getBuild(db, id)).toEqual(before);
    expect(await auditTable(db)).toEqual([]);
  });

  test("five words of the same death at once count as one try", async () => {
    const { id, attempt } = await building(db, TASK);

    await Promise.all(Array.from({ length: 5 }, () => taskStopped(context, stopped(id, attempt))));

    expect(await getBuild(db, id)).toMatchObject({ status: "QUEUED", tries: { died: 1 } });
    expect(await auditTable(db)).toEqual([]);
  });
});

describe("TaskFailedToStart", () => {
  test("is tried three times in all, then the build fails with ECS's text", async () => {
    const id = await submitted(db);
    const stoppedReason = "CannotPullContainerError: no such image";
    const end = { exitCode: null, stopCode: "TaskFailedToStart", stoppedReason };
    for (const n of [1, 2]) {
      await taskStopped(context, stopped(id, await dispatched(db, id), end));
      expect(await getBuild(db, id)).toMatchObject({ status: "QUEUED", tries: { notStarted: n, died: 0 } });
      expect((await getBuild(db, id))?.statusInfo).toContain(stoppedReason);
    }

    await taskStopped(context, stopped(id, await dispatched(db, id), end));

    const build = await getBuild(db, id);
    expect(build).toMatchObject({ status: "FAILED", startedOn: null });
    for (const part of [stoppedReason, "last of 3 tries", "maxTries.notStarted"]) {
      expect(build?.statusInfo).toContain(part);
    }
    expect(await auditTable(db)).toEqual([]);
  });
});

describe("spot's SIGTERM", () => {
  const word = {
    outcome: "undecided",
    cause: "interrupted",
    what: "It was told to stop.",
    step: "solve",
  } as const;

  test("the task's word gives the lease back at once, for a try at once", async () => {
    const { id, attempt } = await building(db, TASK);
    await putResult(db, { build: id, attempt, owner: TASK }, word);

    await taskReported(context, { buildId: id, attempt });

    expect(await getBuild(db, id)).toMatchObject({ status: "QUEUED", tries: { interrupted: 1, died: 0 } });
    expect((await waiting(db, 1)).oldest[0]?.nextTryOn).toEqual(at);
    expect(await drain(wakeUpQueue)).toHaveLength(1);
    await taskStopped(context, stopped(id, attempt, { exitCode: 0, stopCode: "SpotInterruption" }));
    await taskReported(context, { buildId: id, attempt });
    expect(await getBuild(db, id)).toMatchObject({ status: "QUEUED", tries: { interrupted: 1, died: 0 } });
    expect(await auditTable(db)).toEqual([]);
  });

  test("a task that had no time for a word is interrupted all the same, by ECS's word", async () => {
    const { id, attempt } = await building(db, TASK);

    await taskStopped(context, stopped(id, attempt, { stopCode: "SpotInterruption" }));

    expect(await getBuild(db, id)).toMatchObject({ status: "QUEUED", tries: { interrupted: 1, died: 0 } });
  });
});

describe("a task that stopped", () => {
  test("after it wrote its result completes the build, though its message was lost", async () => {
    const { id, attempt } = await reported();

    await taskStopped(context, stopped(id, attempt, { exitCode: 0 }));

    expect((await getBuild(db, id))?.status).toBe("COMPLETED");
  });

  test("of an earlier attempt does not touch the one that counts", async () => {
    const id = await submitted(db);
    await dispatched(db, id);
    const back = { name: "putBack", by: "dispatch", at, attempt: 1, because: "No.", nextTryOn: at } as const;
    await makeMove(db, id, back);
    const attempt = await dispatched(db, id);
    await claimBuild(db, id, "me", at);

    await taskStopped(context, stopped(id, 1));

    expect(await getBuild(db, id)).toMatchObject({ status: "BUILDING", attempt });
  });

  test("and had lost its claim to another task does not end that one's build; the owner's end does", async () => {
    const id = await submitted(db);
    await dispatched(db, id);
    const back = { name: "putBack", by: "dispatch", at, attempt: 1, because: "No.", nextTryOn: at } as const;
    await makeMove(db, id, back);
    const attempt = await dispatched(db, id);
    // ECS had started the task of attempt 1 after all; it claims what attempt 2 was started for.
    const ghost = `${TASK}-ghost`;
    await claimBuild(db, id, ghost, at);

    await taskStopped(context, stopped(id, attempt, { exitCode: 0 }));
    expect((await getBuild(db, id))?.status).toBe("BUILDING");
    await taskStopped(context, stopped(id, 1, { task: ghost }));
    expect(await getBuild(db, id)).toMatchObject({ status: "QUEUED", tries: { died: 1 } });
  });
});

describe("repeated and reordered", () => {
  test.each<[string, ("message" | "stop")[]]>([
    ["message then stop", ["message", "stop"]],
    ["stop then message", ["stop", "message"]],
    ["each of them again and again", ["stop", "message", "stop", "message", "message"]],
  ])("%s: the build ends once and stays so", async (_what, events) => {
    const { id, attempt } = await reported();

    for (const event of events) {
      if (event === "message") await taskReported(context, { buildId: id, attempt });
      else await taskStopped(context, stopped(id, attempt, { exitCode: 0 }));
    }

    expect((await getBuild(db, id))?.status).toBe("COMPLETED");
    expect((await getEnvironment(db, "team", "demo"))?.link.version).toBe(1);
    expect(await auditTable(db)).toEqual([]);
  });

  test("the same event five times at once, with the message among them, ends the build once", async () => {
    const { id, attempt } = await reported();

    await Promise.all([
      ...Array.from({ length: 5 }, () => taskStopped(context, stopped(id, attempt))),
      taskReported(context, { buildId: id, attempt }),
    ]);

    expect((await getBuild(db, id))?.status).toBe("COMPLETED");
    expect((await getEnvironment(db, "team", "demo"))?.link.version).toBe(1);
    expect(await auditTable(db)).toEqual([]);
  });

  test("a finisher that died after it ended the build is made good by the next message", async () => {
    const { id, attempt, result } = await reported();
    await makeMove(db, id, { name: "complete", by: "finish", at, attempt, result });

    await taskReported(context, { buildId: id, attempt });

    expect(await drain(aws.linkQueue)).toEqual([{ namespace: "team", environment: "demo" }]);
    expect(await drain(wakeUpQueue)).toHaveLength(1);
  });

  test("a task that lives on after its build was ended can change nothing", async () => {
    const { id, attempt, me } = await reported();
    await makeMove(db, id, { name: "fail", by: "finish", at, attempt, reason: "No.", artifacts: [] });
    const ended = await getBuild(db, id);

    expect(await beat(db, me, 9)).toBe(false);
    expect(await putResult(db, me, completedResult())).toBe(false);
    expect(await claimBuild(db, id, TASK, at)).toMatchObject({ won: false });
    await taskReported(context, { buildId: id, attempt });
    await taskStopped(context, stopped(id, attempt));

    expect(await getBuild(db, id)).toEqual(ended);
  });
});

test("the entry takes both kinds of events, drops what is no message and keeps what failed", async () => {
  Object.assign(process.env, {
    [VARIABLES.table]: db.table,
    [VARIABLES.bucket]: aws.bucket,
    [VARIABLES.wakeUpQueue]: wakeUpQueue,
    [VARIABLES.linkQueue]: aws.linkQueue,
    [VARIABLES.maxTries]: '{"died":1}',
    [VARIABLES.auditDays]: "365",
    [VARIABLES.taskSizes]: '[{"cpuUnits":1024,"memoryMiB":4096}]',
    [VARIABLES.logLevel]: "error",
  });
  type Event = Parameters<typeof handler>[0];
  const first = await reported();
  const second = await building(db, "me");
  const message = (messageId: string, body: object | string) => ({
    messageId,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

  const batch = await handler({
    Records: [message("result", { buildId: first.id, attempt: first.attempt }), message("noise", "{")],
  } as Event);
  const state = await handler({
    "detail-type": "ECS Task State Change",
    detail: {
      taskArn: TASK,
      lastStatus: "STOPPED",
      startedBy: `b${second.id}-a${second.attempt}`,
      stoppedReason: "gone",
      containers: [{ name: "build", exitCode: 1 }],
    },
  } as Event);
  const other = await handler({
    "detail-type": "ECS Task State Change",
    detail: { lastStatus: "RUNNING" },
  } as Event);

  expect(batch).toEqual({ batchItemFailures: [] });
  expect([state, other]).toEqual([undefined, undefined]);
  expect((await getBuild(db, first.id))?.status).toBe("COMPLETED");
  expect((await getBuild(db, second.id))?.status).toBe("FAILED");
  await new DynamoDBClient().send(new DeleteTableCommand({ TableName: db.table }));
  const Records = [message("noise", "{"), message("result", { buildId: first.id, attempt: 1 })];
  expect(await handler({ Records } as Event)).toEqual({ batchItemFailures: [{ itemIdentifier: "result" }] });
});
