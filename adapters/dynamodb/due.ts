/**
 * What sweep is to do, and when: read in the order of its time, never searched for.
 * @module
 */
import type { DueJob, Job } from "#core/build/job.ts";
import { DeleteCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { withVersion } from "./item.ts";
import { DUE, dueKey, type Key } from "./keys.ts";
import { readPartition } from "./query.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { type TransactItem, transact } from "./transact.ts";

/** Part of a transaction. Putting the same job for the same time twice puts it once. */
export const putDue = ({ table: TableName }: Db, { due, job }: DueJob): TransactItem => ({
  Put: { TableName, Item: withVersion({ ...keyOf({ due, job }), job }) },
});

/** The jobs whose time has come, the oldest first. */
export async function readDue(db: Db, now: Date, limit: number): Promise<DueJob[]> {
  const jobs: DueJob[] = [];
  for await (const item of readPartition(db, { partition: DUE, limit })) {
    const due = new Date(String(item["sk"]).split("#")[0] ?? "");
    if (due > now) break;
    jobs.push({ due, job: item["job"] as Job });
  }
  return jobs;
}

/** It is done. */
export async function dropDue(db: Db, job: DueJob): Promise<void> {
  await db.client.send(new DeleteCommand({ TableName: db.table, Key: keyOf(job) }));
}

/** Puts another job, or the same for a later time, in the place of one. */
export async function replaceDue(db: Db, old: DueJob, next: DueJob): Promise<void> {
  await withRetry(async () => {
    const isSame = keyOf(old).sk === keyOf(next).sk;
    const items = [
      ...(isSame ? [] : [{ Delete: { TableName: db.table, Key: keyOf(old) } }]),
      putDue(db, next),
    ];
    return (await transact(db, items)).kind === "done" ? "done" : AGAIN;
  });
}

const keyOf = ({ due, job }: DueJob): Key => dueKey(due, nameOf(job));

/** Jobs of one name are one job. */
function nameOf(job: Job): string {
  switch (job.kind) {
    case "build":
      return `build#${job.build}#${job.because}`;
    case "thing":
      return `thing#${job.thing}`;
    case "use":
      return `use#${job.use}`;
    case "environment":
      return `environment#${job.id}`;
    case "namespace":
      return `namespace#${job.id}`;
    case "retention":
      return `retention#${job.namespace ?? ""}#${job.environment ?? ""}#${job.after ? "on" : "begin"}`;
  }
}
