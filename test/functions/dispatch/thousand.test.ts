/**
 * A long line: how many builds are at work at once is the deployment's to say, and nothing in the code is in the way.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { type Held, readHeld, readTurns } from "#adapters/dynamodb/line.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { readPlace, waiting } from "#adapters/dynamodb/next-in-line.ts";
import { openLog } from "#adapters/log.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import { createTable, type LocalDynamodb, startLocalDynamodb } from "#bench/api/local-dynamodb.ts";
import type { WakeUp } from "#core/build/messages.ts";
import { dispatch } from "#functions/dispatch/dispatch.ts";
import { auditTable } from "#test/kit/audit.ts";
import { audited } from "#test/kit/audited.ts";
import { POLICY } from "#test/kit/builds.ts";
import { useEcs } from "#test/kit/ecs.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { submitted } from "#test/kit/submissions.ts";

const TABLE = "thousand";
const BUILDS = 1000;
/** One namespace with most of the builds, and many with a few. */
const CROWD = 600;
const OTHERS = Array.from({ length: 40 }, (_, i) => `other-${i}`);
const EACH = (BUILDS - CROWD) / OTHERS.length;
const HANDS = 8;

const aws = useMiniStack();
const ecs = useEcs();
let dynamodb: LocalDynamodb;
let db: AuditedDb;
beforeAll(async () => {
  dynamodb = await startLocalDynamodb(aws.endpoint);
  await createTable(new DynamoDBClient({ endpoint: dynamodb.endpoint }), TABLE);
  db = audited(openDb({ table: TABLE, endpoint: dynamodb.endpoint }));
});
afterAll(() => dynamodb.stop());

/** A pass, by a deployment that has so many places. */
const pass = (slots: number, slotsPerNamespace: number) =>
  dispatch({
    ...{ db, tasks: ecs.tasks, slots, slotsPerNamespace, taskSizes: POLICY.taskSizes },
    wakeUps: openQueue<WakeUp>(aws.wakeUpQueue),
    clock: () => new Date(),
    log: openLog({ write: () => {} }),
  });

const ofCrowd = ({ shares }: Held) => shares.filter(({ namespace }) => namespace === "crowd").length;

test("of 1,000 builds that wait as many start as the deployment has places, up to all of them, each once", async () => {
  const crowd = [await submitted(db, { namespace: "crowd" })];
  while (crowd.length < CROWD) crowd.push(await submitted(db, { namespace: "crowd" }));
  const names = OTHERS.values();
  await Promise.all(
    Array.from({ length: HANDS }, async () => {
      for (const namespace of names) for (let n = 0; n < EACH; n++) await submitted(db, { namespace });
    }),
  );
  expect((await waiting(db, 1)).count).toBe(BUILDS);
  // By turns the crowd's last build is the last of all.
  const last = { id: crowd.at(-1) ?? 0, namespace: "crowd" };
  expect(await readPlace(db, last)).toEqual({ position: BUILDS, of: BUILDS });

  const steps = [
    { slots: 7, slotsPerNamespace: 3, held: 7, crowd: 1 },
    { slots: 60, slotsPerNamespace: 15, held: 60, crowd: 2 },
    // The places of all are more than what one namespace may have of them.
    { slots: BUILDS, slotsPerNamespace: 250, held: 650, crowd: 250 },
    { slots: BUILDS - 1, slotsPerNamespace: BUILDS, held: BUILDS - 1, crowd: CROWD - 1 },
    { slots: BUILDS, slotsPerNamespace: BUILDS, held: BUILDS, crowd: CROWD },
  ];
  for (const step of steps) {
    await pass(step.slots, step.slotsPerNamespace);
    const held = await readHeld(db);
    expect([held.slots.length, held.shares.length, ofCrowd(held)]).toEqual([
      step.held,
      step.held,
      step.crowd,
    ]);
    expect((await waiting(db, 1)).count).toBe(BUILDS - step.held);
  }

  const started = ecs.requests.map(({ startedBy }) => startedBy);
  expect([started.length, new Set(started).size, ecs.running.size]).toEqual([BUILDS, BUILDS, BUILDS]);
  const { slots } = await readHeld(db);
  expect(slots.map(({ slot }) => slot)).toEqual(Array.from({ length: BUILDS }, (_, i) => i + 1));
  expect(started.filter((name) => crowd.includes(Number(/^b(\d+)-a1$/.exec(name)?.[1])))).toEqual(
    crowd.map((id) => `b${id}-a1`),
  );

  // One more has no place, until another gives its own up.
  const late = await submitted(db, { namespace: "late" });
  expect(await pass(BUILDS, BUILDS)).toEqual({ started: 0, putBack: 0 });
  expect(await readPlace(db, { id: late, namespace: "late" })).toEqual({ position: 1, of: 1 });
  await makeMove(db, crowd[0] ?? 0, { name: "cancel", by: "api", at: new Date() });
  expect(await pass(BUILDS, BUILDS)).toEqual({ started: 1, putBack: 0 });
  await pass(BUILDS + 1, BUILDS);
  expect(await readTurns(db)).toEqual([]);
  expect(await auditTable(db, dynamodb.endpoint)).toEqual([]);
}, 300_000);
