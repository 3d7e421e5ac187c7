import { DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { beforeEach, expect, test } from "vitest";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { readTurns, slots } from "#adapters/dynamodb/line.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { waiting } from "#adapters/dynamodb/next-in-line.ts";
import { openLog } from "#adapters/log.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import { NO_TRIES } from "#core/build/tries.ts";
import { VARIABLES } from "#core/layout.ts";
import { type DispatchContext, dispatch } from "#functions/dispatch/dispatch.ts";
import { handler } from "#functions/dispatch/handler.ts";
import { auditTable } from "#test/kit/audit.ts";
import { audited } from "#test/kit/audited.ts";
import { POLICY } from "#test/kit/builds.ts";
import { useEcs } from "#test/kit/ecs.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import { delayed, drain } from "#test/kit/queues.ts";
import { building, submitted } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const ecs = useEcs();
let db: AuditedDb;
let now: Date;
let tables = 0;
beforeEach(async () => {
  db = audited(openDb({ table: await createTable(`dispatch-${++tables}`) }));
  now = new Date("2026-05-01T00:00:00Z");
});

const context = (slots: number, slotsPerNamespace = slots): DispatchContext => ({
  db,
  tasks: ecs.tasks,
  wakeUps: openQueue(aws.wakeUpQueue),
  slots,
  slotsPerNamespace,
  taskSizes: POLICY.taskSizes,
  clock: () => now,
  log: openLog({ write: () => {} }),
});

test("free slots are filled in the order of the line, and the rest waits", async () => {
  const ids = [await submitted(db), await submitted(db), await submitted(db)];

  expect(await dispatch(context(2))).toEqual({ started: 2, putBack: 0 });

  expect(ecs.requests.map(({ startedBy }) => startedBy)).toEqual([`b${ids[0]}-a1`, `b${ids[1]}-a1`]);
  expect((await waiting(db, 9)).oldest.map(({ build }) => build)).toEqual([ids[2]]);
  expect((await slots(db)).map(({ task }) => task)).toEqual([...ecs.running.values()]);
  expect((await getBuild(db, ids[0] ?? 0))?.statusInfo).toBe("Attempt 1: waiting for its task to start.");
  expect(await dispatch(context(2))).toEqual({ started: 0, putBack: 0 });
  expect(await auditTable(db)).toEqual([]);
});

test("a task has the smallest size with the memory that its build needs", async () => {
  const small = await submitted(db);
  const { id: larger, attempt } = await building(db, "me");
  const more = { cause: "memory", what: "No.", statusInfo: "No.", nextTryOn: now, memoryMiB: 600 } as const;
  await makeMove(db, larger, { name: "retry", by: "finish", at: now, attempt, ...more });

  await dispatch(context(2));

  const asked = ecs.requests.map(({ startedBy, overrides }) => [startedBy, overrides]);
  expect(asked).toEqual([
    [`b${small}-a1`, expect.objectContaining({ cpu: "256", memory: "512" })],
    [`b${larger}-a2`, expect.objectContaining({ cpu: "256", memory: "1024" })],
  ]);
});

test("namespaces have turns, none has more than its part of the slots, and what is left stays free", async () => {
  const team = [await submitted(db), await submitted(db), await submitted(db), await submitted(db)];
  const other = await submitted(db, { namespace: "other" });

  expect(await dispatch(context(5, 2))).toEqual({ started: 3, putBack: 0 });

  const started = ecs.requests.map(({ startedBy }) => startedBy);
  expect(started).toEqual([`b${team[0]}-a1`, `b${other}-a1`, `b${team[1]}-a1`]);
  expect(await dispatch(context(5, 2))).toEqual({ started: 0, putBack: 0 });
  // Who had a turn waits behind who comes, and a namespace of which nothing waits leaves the ring.
  expect((await readTurns(db)).map(({ namespace }) => namespace)).toEqual(["team"]);
  const fresh = await submitted(db, { namespace: "fresh" });
  await makeMove(db, team[0] ?? 0, { name: "cancel", by: "api", at: now });
  await dispatch(context(5, 2));
  const then = ecs.requests.slice(3).map(({ startedBy }) => startedBy);
  expect(then).toEqual([`b${team[2]}-a1`, `b${fresh}-a1`]);
  expect(await auditTable(db)).toEqual([]);
});

test("a lower limit stops nobody at work, and starts nobody until it is met", async () => {
  for (let i = 0; i < 6; i++) await submitted(db);
  await dispatch(context(6, 4));

  expect(await dispatch(context(6, 2))).toEqual({ started: 0, putBack: 0 });
  const [first, second, third] = await slots(db);
  for (const held of [first, second]) {
    await makeMove(db, held?.build ?? 0, { name: "cancel", by: "api", at: now });
  }
  expect(await dispatch(context(6, 2))).toEqual({ started: 0, putBack: 0 });
  await makeMove(db, third?.build ?? 0, { name: "cancel", by: "api", at: now });
  expect(await dispatch(context(6, 2))).toEqual({ started: 1, putBack: 0 });
  expect(await slots(db)).toHaveLength(2);
  expect(await auditTable(db)).toEqual([]);
});

test("what a pass has no time for is the next one's, which is asked for at once", async () => {
  for (let i = 0; i < 5; i++) await submitted(db);
  await drain(aws.wakeUpQueue);
  const slow = () => {
    now = new Date(now.getTime() + 4_000);
    return now;
  };

  const { started } = await dispatch({ ...context(5), clock: slow });

  expect(started).toBeGreaterThan(0);
  expect(started).toBeLessThan(5);
  expect(await drain(aws.wakeUpQueue)).toEqual([{ reason: "more could start than a pass has time for" }]);
  expect(await dispatch(context(5))).toEqual({ started: 5 - started, putBack: 0 });
  expect(await drain(aws.wakeUpQueue)).toEqual([]);
  expect(ecs.requests).toHaveLength(5);
  expect(await auditTable(db)).toEqual([]);
});

test("a namespace of which no build is due leaves its turns to the others", async () => {
  const first = await submitted(db);
  ecs.behaviour = "no room";
  await dispatch(context(1));
  ecs.behaviour = "start";
  const others = [await submitted(db, { namespace: "other" }), await submitted(db, { namespace: "other" })];

  expect(await dispatch(context(4))).toEqual({ started: 2, putBack: 0 });

  expect((await slots(db)).map(({ build }) => build)).toEqual(others);
  expect((await waiting(db, 9)).oldest.map(({ build }) => build)).toEqual([first]);
});

test("a task is told its build and nothing else, in the deployment's network", async () => {
  const id = await submitted(db);

  await dispatch(context(1));

  expect(ecs.requests[0]).toMatchObject({
    clientToken: `b${id}-a1-1772600767`,
    cluster: "builds",
    taskDefinition: "build:7",
    launchType: "FARGATE",
    count: 1,
    networkConfiguration: {
      awsvpcConfiguration: {
        subnets: ["subnet-1", "subnet-2"],
        securityGroups: ["sg-1"],
        assignPublicIp: "ENABLED",
      },
    },
  });
  expect(ecs.requests[0]?.overrides).toEqual({
    ...{ cpu: "256", memory: "512" },
    containerOverrides: [{ name: "build", environment: [{ name: VARIABLES.buildId, value: String(id) }] }],
  });
});

test("many dispatchers at once start each build once and take no slot twice", async () => {
  for (let i = 0; i < 5; i++) await submitted(db);

  await Promise.all([1, 2, 3, 4].map(() => dispatch(context(3))));

  expect(ecs.running.size).toBe(3);
  expect((await slots(db)).map(({ slot }) => slot)).toEqual([1, 2, 3]);
  expect(await auditTable(db)).toEqual([]);
});

test("RunTask answers failures[]: the build waits on, says why and when next, and is tried as a new attempt", async () => {
  const id = await submitted(db);
  ecs.behaviour = "no room";

  expect(await dispatch(context(1))).toEqual({ started: 0, putBack: 1 });

  expect(await getBuild(db, id)).toMatchObject({ status: "QUEUED", dispatched: 0, slot: null });
  expect((await getBuild(db, id))?.statusInfo).toMatch(
    /^Attempt 1 could not start: ECS has no place for the task: Capacity is unavailable.*\. Next try at 2026-05-01T00:00:1\dZ\.$/,
  );
  expect(await slots(db)).toEqual([]);
  expect(await delayed(aws.wakeUpQueue)).toBeGreaterThan(0);
  ecs.behaviour = "start";
  expect(await dispatch(context(1))).toEqual({ started: 0, putBack: 0 });
  now = new Date(now.getTime() + 15_000);
  expect(await dispatch(context(1))).toEqual({ started: 1, putBack: 0 });
  expect(await getBuild(db, id)).toMatchObject({ dispatched: 2, slot: 1 });
  expect(await auditTable(db)).toEqual([]);
});

test("RunTask throttles: it is asked a few times, then the build waits on and says so, and costs none of its tries", async () => {
  const id = await submitted(db);
  ecs.behaviour = "throttle";

  expect(await dispatch(context(1))).toEqual({ started: 0, putBack: 1 });

  expect(ecs.requests.length).toBeGreaterThan(1);
  expect(new Set(ecs.requests.map(({ clientToken }) => clientToken)).size).toBe(1);
  const build = await getBuild(db, id);
  expect(build).toMatchObject({ status: "QUEUED", dispatched: 0, tries: NO_TRIES });
  expect(build?.statusInfo).toMatch(/ECS refused the task \(ThrottlingException\)\. Next try at /);
  expect(await auditTable(db)).toEqual([]);
});

test("a build that cannot be started does not hold up those behind it", async () => {
  const first = await submitted(db);
  ecs.behaviour = "no room";
  await dispatch(context(1));
  const second = await submitted(db);
  ecs.behaviour = "start";

  await dispatch(context(1));

  expect((await slots(db)).map(({ build }) => build)).toEqual([second]);
  expect((await waiting(db, 9)).oldest.map(({ build }) => build)).toEqual([first]);
});

test("a refusal puts the build back without telling users the accounts and roles in it", async () => {
  const id = await submitted(db);
  ecs.behaviour = "refuse";

  expect(await dispatch(context(1))).toEqual({ started: 0, putBack: 1 });

  const { statusInfo = "" } = (await getBuild(db, id)) ?? {};
  expect(statusInfo).toContain("ECS refused the task (AccessDeniedException).");
  expect(statusInfo).not.toContain("arn:aws");
});

test("an answer that is lost starts one task at most, and the build is put back", async () => {
  const id = await submitted(db);
  ecs.behaviour = "start and lose the answer";

  expect(await dispatch(context(1))).toEqual({ started: 0, putBack: 1 });

  expect(ecs.requests.length).toBeGreaterThan(1);
  expect(ecs.running.size).toBe(1);
  expect((await getBuild(db, id))?.statusInfo).toContain("ECS could not be reached.");
  expect(await auditTable(db)).toEqual([]);
});

test("a slot whose dispatcher died before it heard of its task is taken up again, as the same attempt", async () => {
  const id = await submitted(db);
  await makeMove(db, id, { name: "dispatch", by: "dispatch", at: now, slot: 1, share: 1, turn: 9 });

  expect(await dispatch(context(1))).toEqual({ started: 1, putBack: 0 });

  expect(ecs.requests.map(({ startedBy }) => startedBy)).toEqual([`b${id}-a1`]);
  expect(await slots(db)).toMatchObject([{ build: id, attempt: 1, task: [...ecs.running.values()][0] }]);
});

test("wake-ups are consumed, however many there are; they stay only when dispatch itself fails", async () => {
  const id = await submitted(db);
  const variables = {
    [VARIABLES.table]: db.table,
    [VARIABLES.wakeUpQueue]: aws.wakeUpQueue,
    [VARIABLES.cluster]: "builds",
    [VARIABLES.taskDefinition]: "build:7",
    [VARIABLES.subnets]: "subnet-1",
    [VARIABLES.securityGroups]: "sg-1",
    [VARIABLES.assignsPublicIp]: "true",
    [VARIABLES.slots]: "1",
    [VARIABLES.slotsPerNamespace]: "1",
    [VARIABLES.taskSizes]: '[{"cpuUnits":1024,"memoryMiB":4096}]',
    [VARIABLES.logLevel]: "error",
  };
  const event = { Records: [{ messageId: "a" }, { messageId: "b" }] } as Parameters<typeof handler>[0];
  await drain(aws.wakeUpQueue);

  // A wrong environment is not swallowed: the messages stay.
  await expect(handler(event)).rejects.toThrow(VARIABLES.table);
  Object.assign(process.env, variables);
  expect(await handler(event)).toEqual({ batchItemFailures: [] });

  expect((await slots(db)).map(({ build }) => build)).toEqual([id]);
  await new DynamoDBClient().send(new DeleteTableCommand({ TableName: db.table }));
  expect(await handler(event)).toEqual({
    batchItemFailures: [{ itemIdentifier: "a" }, { itemIdentifier: "b" }],
  });
});
