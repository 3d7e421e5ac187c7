/**
 * Canceling builds; with the defects of the original that are not copied: a QUEUED build was said to be canceled and was
 * not, an ended one was said to be canceled too.
 */
import { beforeEach, describe, expect, test } from "vitest";
import { beat, putResult } from "#adapters/dynamodb/attempts.ts";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { getBuildCounts } from "#adapters/dynamodb/namespaces.ts";
import { openLog } from "#adapters/log.ts";
import { writeLogChunk } from "#adapters/s3/logs.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import { taskReported, taskStopped } from "#functions/finish/finish.ts";
import { type Api, bearer, openApi } from "#test/kit/api.ts";
import { auditTable } from "#test/kit/audit.ts";
import { audited } from "#test/kit/audited.ts";
import { POLICY } from "#test/kit/builds.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import { drain } from "#test/kit/queues.ts";
import { building, completedResult, dispatched, submitted } from "#test/kit/submissions.ts";
import { line } from "./world.ts";

const aws = useMiniStack();
let api: Api;
let db: AuditedDb;
let developer: Record<string, string>;
let tables = 0;

beforeEach(async () => {
  api = openApi({ ...aws, table: await createTable(`cancel-${++tables}`) });
  db = audited(openDb({ table: api.services.db.table }));
  developer = bearer(await api.token({ "team/*": ["developer"] }));
  await drain(aws.wakeUpQueue);
});

async function cancel(id: number, headers = developer) {
  const response = await api.request(`/api/v1/build/${id}/cancel/`, { method: "PUT", headers });
  const body = JSON.parse(await response.text()) as { message: string };
  return { status: response.status, message: body.message };
}
const canceled = (id: number) => ({ status: 200, message: `build ${id} canceled` });

describe("a build is canceled at once", () => {
  test("while it waits", async () => {
    const id = await submitted(db);

    expect(await cancel(id)).toEqual(canceled(id));

    expect(await getBuild(db, id)).toMatchObject({ status: "CANCELED", endedOn: expect.any(Date) });
    expect(
      (
        await makeMove(db, id, {
          name: "dispatch",
          by: "dispatch",
          at: new Date(),
          slot: 1,
          share: 1,
          turn: 9,
        })
      ).won,
    ).toBe(false);
    expect(await auditTable(db)).toEqual([]);
  });

  test("while its task starts, which then finds nothing to do; the slot is free and dispatch is woken", async () => {
    const id = await submitted(db);
    await dispatched(db, id);

    expect(await cancel(id)).toEqual(canceled(id));

    expect(await claimBuild(db, id, "late", new Date())).toMatchObject({ won: false });
    expect(await drain(aws.wakeUpQueue)).toHaveLength(1);
    expect(await auditTable(db)).toEqual([]);
  });

  test("while its task works, which can write nothing any more; its log stays readable", async () => {
    const { id, attempt } = await building(db, "me");
    await writeLogChunk(api.services.bucket, id, attempt, 0, [line("solving")]);

    expect(await cancel(id)).toEqual(canceled(id));

    const who = { build: id, attempt, owner: "me" };
    expect([await beat(db, who, 1), await putResult(db, who, completedResult())]).toEqual([false, false]);
    const log = await api.request(`/api/v1/build/${id}/logs/`, { headers: developer });
    expect(await log.text()).toContain("solving");
    expect(await getBuildCounts(db, "team")).toMatchObject({ active: 0, canceled: 1 });
    expect(await auditTable(db)).toEqual([]);
  });
});

test("canceling again answers the same and changes nothing; what has ended otherwise is refused and says so", async () => {
  const id = await submitted(db);
  await cancel(id);
  const before = await getBuild(db, id);
  expect(await cancel(id)).toEqual(canceled(id));
  expect(await getBuild(db, id)).toEqual(before);

  const done = await building(db, "me");
  const fail = { name: "fail", by: "finish", at: new Date(), reason: "No.", artifacts: [] } as const;
  await makeMove(db, done.id, { ...fail, attempt: done.attempt });
  expect(await cancel(done.id)).toEqual({
    status: 409,
    message: `Build ${done.id} cannot be canceled: it has ended and is FAILED.`,
  });
  expect(await auditTable(db)).toEqual([]);
});

test("it takes the right to cancel: a viewer has it not, and a stranger learns nothing more", async () => {
  const id = await submitted(db);

  expect((await cancel(id, bearer(await api.token({ "team/*": ["viewer"] })))).status).toBe(403);
  expect((await cancel(id, bearer(await api.token({ "other/*": ["admin"] })))).status).toBe(403);
  expect((await cancel(id + 1)).status).toBe(404);
  expect((await getBuild(db, id))?.status).toBe("QUEUED");
});

describe("several at once", () => {
  test("five people cancel while dispatch takes the build and its task claims: it is canceled, once", async () => {
    const id = await submitted(db);

    const answers = await Promise.all([
      ...Array.from({ length: 5 }, () => cancel(id)),
      dispatched(db, id)
        .then(() => claimBuild(db, id, "me", new Date()))
        .catch(() => null),
    ]);

    expect(answers.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => canceled(id)));
    expect((await getBuild(db, id))?.status).toBe("CANCELED");
    expect(await getBuildCounts(db, "team")).toMatchObject({ active: 0, canceled: 1 });
    expect(await auditTable(db)).toEqual([]);
  });

  test("a result and a request meet: the build ends as one of them says, and the answer is true", async () => {
    const { id, attempt } = await building(db, "me");
    await putResult(db, { build: id, attempt, owner: "me" }, completedResult());
    const finish = {
      ...{ db, bucket: api.services.bucket, clock: () => new Date(), log: openLog({ write: () => {} }) },
      ...{
        ...POLICY,
        wakeUps: openQueue<never>(aws.wakeUpQueue),
        links: openQueue<never>(aws.linkQueue),
      },
    };

    const [answer] = await Promise.all([
      cancel(id),
      taskReported(finish, { buildId: id, attempt }),
      taskStopped(finish, {
        ...{ build: id, attempt, task: "none", stopCode: null, stoppedReason: null },
        ...{ exitCode: 0, containerReason: null },
      }),
    ]);

    const status = (await getBuild(db, id))?.status;
    expect([answer.status, status]).toEqual(answer.status === 200 ? [200, "CANCELED"] : [409, "COMPLETED"]);
    expect(await auditTable(db)).toEqual([]);
  });
});
