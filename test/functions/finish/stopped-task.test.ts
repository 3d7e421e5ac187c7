/** What follows from the ends of tasks that ECS tells of, or that tasks tell themselves. */
import { beforeEach, describe, expect, test } from "vitest";
import { beat, putResult, saveStep } from "#adapters/dynamodb/attempts.ts";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { slots } from "#adapters/dynamodb/line.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { waiting } from "#adapters/dynamodb/next-in-line.ts";
import { writeLogChunk } from "#adapters/s3/logs.ts";
import { logKey } from "#core/layout.ts";
import { type FinishContext, taskReported, taskStopped } from "#functions/finish/finish.ts";
import { auditTable } from "#test/kit/audit.ts";
import { FINISHED_AT, reported, stopped, TASK, useFinishing } from "#test/kit/finishing.ts";
import { readLogText } from "#test/kit/logs.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { drain } from "#test/kit/queues.ts";
import { building, completedResult, dispatched, sha256Of, submitted } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const finishing = useFinishing(aws, "stopped-task");
let db: AuditedDb;
let context: FinishContext;
let wakeUpQueue: string;
beforeEach(() => {
  ({ db, context, wakeUpQueue } = finishing);
});
const at = FINISHED_AT;

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
    const { id, attempt } = await reported(finishing);

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
