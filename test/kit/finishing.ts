/**
 * Finish at work on a table of each test's own, at a time that stands still.
 * @module
 */
import { beforeEach, expect } from "vitest";
import { putResult } from "#adapters/dynamodb/attempts.ts";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { openLog } from "#adapters/log.ts";
import { putObject } from "#adapters/s3/objects.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import type { AttemptResult } from "#core/build/attempt.ts";
import type { StoppedTask } from "#core/build/stopped-task.ts";
import { archiveKey } from "#core/layout.ts";
import type { FinishContext } from "#functions/finish/finish.ts";
import { audited } from "./audited.ts";
import { POLICY } from "./builds.ts";
import { createQueue, createTable, type LocalAws } from "./ministack.ts";
import { drain } from "./queues.ts";
import { building, completedResult, sha256Of } from "./submissions.ts";

export const FINISHED_AT = new Date("2026-05-01T00:00:00Z");
export const TASK = "arn:aws:ecs:us-east-1:000000000000:task/builds/1";

export interface Finishing {
  readonly db: AuditedDb;
  readonly context: FinishContext;
  /** Of one test alone: a wake-up for a later try comes when another test may be running. */
  readonly wakeUpQueue: string;
}

/** Call at the top of a test file; the returned object is filled before each test. */
export function useFinishing(aws: LocalAws, name: string): Finishing {
  const finishing = {} as { -readonly [K in keyof Finishing]: Finishing[K] };
  let tables = 0;
  beforeEach(async () => {
    const db = audited(openDb({ table: await createTable(`${name}-${++tables}`) }));
    const wakeUpQueue = await createQueue(`wake-up-${name}-${tables}`);
    const context = {
      db,
      bucket: openBucket(aws.bucket, db.client),
      wakeUps: openQueue(wakeUpQueue),
      links: openQueue(aws.linkQueue),
      ...POLICY,
      clock: () => FINISHED_AT,
      log: openLog({ write: () => {} }),
    } as const;
    Object.assign(finishing, { db, context, wakeUpQueue });
    await drain(aws.linkQueue);
  });
  return finishing;
}

/** ECS's word of a task that was killed. */
export const stopped = (build: number, attempt: number, changes: Partial<StoppedTask> = {}): StoppedTask => ({
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
export async function reported({ db, context }: Finishing, owner = TASK) {
  const { id, attempt } = await building(db, owner);
  const key = archiveKey(sha256Of(`archive of ${db.table} ${id}`));
  await putObject(context.bucket, key, "archive", { contentType: "application/gzip" });
  const artifacts = [
    { type: "CONDA_PACK" as const, key, sizeBytes: 7 },
    { type: "DIRECTORY" as const, key: `/opt/conda-store/team/dir-${id}`, sizeBytes: 0 },
  ];
  const result = completedResult({ artifacts }) satisfies AttemptResult;
  const me = { build: id, attempt, owner };
  expect(await putResult(db, me, result)).toBe(true);
  return { id, attempt, me, result };
}
