/** What sweep finds out about tasks of which nobody says that they died. */
import { beforeEach, describe, expect, test } from "vitest";
import { beat, putResult, saveStep } from "#adapters/dynamodb/attempts.ts";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { noteTask, slots } from "#adapters/dynamodb/line.ts";
import { writeLogChunk } from "#adapters/s3/logs.ts";
import type { Build } from "#core/build/build.ts";
import { endAttempt } from "#functions/finish/give-up.ts";
import { type SweepContext, sweep } from "#functions/sweep/sweep.ts";
import { auditTable } from "#test/kit/audit.ts";
import { POLICY } from "#test/kit/builds.ts";
import { readLogText } from "#test/kit/logs.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { drain } from "#test/kit/queues.ts";
import { useRealTasks } from "#test/kit/real-tasks.ts";
import { building, completedResult, dispatched, submitted } from "#test/kit/submissions.ts";
import { atWork, POSTED, useSweeping } from "#test/kit/sweeping.ts";

const aws = useMiniStack();
const ecs = useRealTasks(aws);
const sweeping = useSweeping(aws, ecs, "watch-tasks");
let db: AuditedDb;
let context: SweepContext;
beforeEach(() => {
  ({ db, context } = sweeping);
});
const found = async (id: number): Promise<Build> => {
  const build = await getBuild(db, id);
  if (!build) throw new Error(`no build ${id}`);
  return build;
};
const statusOf = async (id: number) => (await getBuild(db, id))?.status;
const UNKNOWN = "arn:aws:ecs:us-east-1:000000000000:task/builds/0123456789abcdef";

describe("a task that died while its event was lost", () => {
  test("is made good: its build is tried again, told with exit code, signal and step; its slot is free", async () => {
    const { id, task, who } = await atWork(sweeping, ecs);
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
    const { id, attempt, task, who } = await atWork(sweeping, ecs);
    await saveStep(db, who, "install");
    const line = {
      at: sweeping.now.toISOString(),
      step: "install",
      stream: "stdout" as const,
      text: "linking",
    };
    await writeLogChunk(context.bucket, id, attempt, 0, [line]);
    await sweep(context);
    expect(await statusOf(id)).toBe("BUILDING");
    await ecs.kill(task);

    expect(await sweep(context)).toMatchObject({ ended: 1, woke: true });

    const build = await getBuild(db, id);
    expect(build).toMatchObject({ status: "FAILED", endedOn: sweeping.now });
    for (const part of ["step install", "SIGKILL", "137"]) expect(build?.statusInfo).toContain(part);
    const text = await readLogText(context.bucket, build?.artifacts ?? []);
    expect(text.trimEnd().split("\n")).toEqual(["install: linking", `FAILED: ${build?.statusInfo}`]);
    expect(await slots(db)).toEqual([]);
    expect(await auditTable(db)).toEqual([]);
  });

  test("after its result was written is not failed: finish is told again", async () => {
    const { id, attempt, task, who } = await atWork(sweeping, ecs);
    await putResult(db, who, completedResult());
    await ecs.kill(task);

    for (let i = 0; i < 3; i++) {
      await sweep(context);
      sweeping.later(100);
    }

    expect(await statusOf(id)).toBe("BUILDING");
    expect(await drain(aws.finishQueue)).toContainEqual({ buildId: id, attempt });
  });

  test("of which ECS knows nothing any more is given up after a while, not at once", async () => {
    const id = await submitted(db);
    const attempt = await dispatched(db, id);
    await noteTask(db, { slot: 1, build: id, attempt }, UNKNOWN);

    await sweep(context);
    sweeping.later(60);
    await sweep(context);
    expect(await statusOf(id)).toBe("QUEUED");
    sweeping.later(15);
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
    sweeping.later(60);
    await beat(db, who, 1);
    await sweep(context);
    sweeping.later(74);
    await sweep(context);
    expect(await statusOf(id)).toBe("BUILDING");

    sweeping.later(1);
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
      sweeping.later(shift);
      for (let i = 0; i < 3; i++) {
        await beat(db, { build: id, attempt, owner: "me" }, 1000 + shift / 100 + i);
        await sweep(context);
        sweeping.later(60);
      }
    }

    expect(await statusOf(id)).toBe("BUILDING");
  });

  test("is not asked of a task that has not claimed yet; its time counts from the claim", async () => {
    const id = await submitted(db);
    await dispatched(db, id);
    for (let i = 0; i < 5; i++) {
      await sweep(context);
      sweeping.later(60);
    }
    await claimBuild(db, id, "me", sweeping.now);
    await sweep(context);
    sweeping.later(60);
    await sweep(context);

    expect(await statusOf(id)).toBe("BUILDING");
  });

  test("still tells when ECS does not answer", async () => {
    const { id } = await building(db, UNKNOWN);
    const away = { ...context, tasks: { ...ecs.watched, cluster: "" } };
    Object.assign(away.tasks, { client: { send: () => Promise.reject(new Error("no answer")) } });
    await sweep(away);
    sweeping.later(75);

    await sweep(away);

    expect((await getBuild(db, id))?.statusInfo).toContain("no sign of life");
  });
});

describe("limits", () => {
  test("an attempt that goes on beyond its own and a grace is stopped, and FAILED names the limit", async () => {
    const { id, task, who } = await atWork(sweeping, ecs);
    for (let minute = 0; minute < 65; minute += 5) {
      await beat(db, who, minute + 1);
      await sweep(context);
      sweeping.later(300);
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
    sweeping.later(24 * 3600);
    await endAttempt(context, "finish", await found(id), attempt, { cause: "died", what: "It died." });
    await sweep(context);
    expect(await statusOf(id)).toBe("QUEUED");
    sweeping.later(24 * 3600);

    await sweep(context);

    expect((await found(id)).statusInfo).toContain("maxQueueHours");
  });

  test("a build that waits longer than its own ends, in the line or asked for; FAILED names it; a younger one stays", async () => {
    const asked = await submitted(db, { at: POSTED });
    await dispatched(db, asked);
    const old = await submitted(db, { at: POSTED });
    const young = await submitted(db, { at: new Date(POSTED.getTime() + 60_000) });
    sweeping.later(23 * 3600);

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
