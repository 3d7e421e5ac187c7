import { DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { beforeEach, describe, expect, test } from "vitest";
import { beat, putResult } from "#adapters/dynamodb/attempts.ts";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { putObject } from "#adapters/s3/objects.ts";
import { archiveKey, logKey, VARIABLES } from "#core/layout.ts";
import { type FinishContext, taskReported, taskStopped } from "#functions/finish/finish.ts";
import { handler } from "#functions/finish/handler.ts";
import { auditTable } from "#test/kit/audit.ts";
import { FINISHED_AT, reported, stopped, TASK, useFinishing } from "#test/kit/finishing.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { drain } from "#test/kit/queues.ts";
import { building, completedResult, sha256Of } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const finishing = useFinishing(aws, "finish");
let db: AuditedDb;
let context: FinishContext;
let wakeUpQueue: string;
beforeEach(() => {
  ({ db, context, wakeUpQueue } = finishing);
});
const TEXT = sha256Of("what a task said");
const at = FINISHED_AT;

describe("a result", () => {
  test("whose artifacts are there completes the build, asks for the link and wakes dispatch", async () => {
    const { id, attempt, result } = await reported(finishing);

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
    const { id, attempt, me, result } = await reported(finishing);
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

describe("repeated and reordered", () => {
  test.each<[string, ("message" | "stop")[]]>([
    ["message then stop", ["message", "stop"]],
    ["stop then message", ["stop", "message"]],
    ["each of them again and again", ["stop", "message", "stop", "message", "message"]],
  ])("%s: the build ends once and stays so", async (_what, events) => {
    const { id, attempt } = await reported(finishing);

    for (const event of events) {
      if (event === "message") await taskReported(context, { buildId: id, attempt });
      else await taskStopped(context, stopped(id, attempt, { exitCode: 0 }));
    }

    expect((await getBuild(db, id))?.status).toBe("COMPLETED");
    expect((await getEnvironment(db, "team", "demo"))?.link.version).toBe(1);
    expect(await auditTable(db)).toEqual([]);
  });

  test("the same event five times at once, with the message among them, ends the build once", async () => {
    const { id, attempt } = await reported(finishing);

    await Promise.all([
      ...Array.from({ length: 5 }, () => taskStopped(context, stopped(id, attempt))),
      taskReported(context, { buildId: id, attempt }),
    ]);

    expect((await getBuild(db, id))?.status).toBe("COMPLETED");
    expect((await getEnvironment(db, "team", "demo"))?.link.version).toBe(1);
    expect(await auditTable(db)).toEqual([]);
  });

  test("a finisher that died after it ended the build is made good by the next message", async () => {
    const { id, attempt, result } = await reported(finishing);
    await makeMove(db, id, { name: "complete", by: "finish", at, attempt, result });

    await taskReported(context, { buildId: id, attempt });

    expect(await drain(aws.linkQueue)).toEqual([{ namespace: "team", environment: "demo" }]);
    expect(await drain(wakeUpQueue)).toHaveLength(1);
  });

  test("a task that lives on after its build was ended can change nothing", async () => {
    const { id, attempt, me } = await reported(finishing);
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
  const first = await reported(finishing);
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
