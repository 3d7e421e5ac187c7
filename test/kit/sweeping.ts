/**
 * Sweep at work on a table of each test's own and on real tasks, by a clock that tests turn.
 * @module
 */
import { beforeEach, expect } from "vitest";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { noteTask, slots } from "#adapters/dynamodb/line.ts";
import { openLog } from "#adapters/log.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import { taskNameOf } from "#core/build/task-name.ts";
import type { SweepContext } from "#functions/sweep/sweep.ts";
import { audited } from "./audited.ts";
import { POLICY } from "./builds.ts";
import { createQueue, createTable, type LocalAws } from "./ministack.ts";
import { drain } from "./queues.ts";
import type { RealTasks } from "./real-tasks.ts";
import { dispatched, submitted } from "./submissions.ts";

/** When the builds' tasks claim them. */
export const POSTED = new Date("2026-03-04T05:06:07.890Z");

export interface Sweeping {
  readonly db: AuditedDb;
  readonly context: SweepContext;
  /** Of one test alone: a wake-up for a later try comes when another test may be running. */
  readonly wakeUpQueue: string;
  /** Sweep's own clock, which agrees with nobody's. */
  readonly now: Date;
  /** Turns it. */
  later(seconds: number): void;
}

/** Call at the top of a test file; the returned object is filled before each test. */
export function useSweeping(aws: LocalAws, ecs: RealTasks, name: string): Sweeping {
  let now = POSTED;
  const sweeping = {
    get now() {
      return now;
    },
    later(seconds: number) {
      now = new Date(now.getTime() + seconds * 1000);
    },
  } as { -readonly [K in keyof Sweeping]: Sweeping[K] };
  let tables = 0;
  beforeEach(async () => {
    const db = audited(openDb({ table: await createTable(`${name}-${++tables}`) }));
    const wakeUpQueue = await createQueue(`wake-up-${name}-${tables}`);
    now = new Date(POSTED.getTime() + 3_600_000);
    const context = {
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
    } as const;
    Object.assign(sweeping, { db, context, wakeUpQueue });
    await drain(aws.finishQueue);
  });
  return sweeping;
}

/** A build whose task, a real process, runs and has claimed it. */
export async function atWork({ db }: Sweeping, ecs: RealTasks) {
  const id = await submitted(db);
  const attempt = await dispatched(db, id);
  const task = await ecs.start(taskNameOf(id, attempt));
  const slot = (await slots(db)).find(({ build }) => build === id)?.slot ?? 0;
  await noteTask(db, { slot, build: id, attempt }, task);
  expect((await claimBuild(db, id, task, POSTED)).won).toBe(true);
  return { id, attempt, task, who: { build: id, attempt, owner: task } };
}
