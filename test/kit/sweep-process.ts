/**
 * Sweep's jobs in a process of their own: passes at a time of the clock until nothing is due.
 *
 *     node sweep-process.ts '{"table", "bucket", "queue", "graceMinutes", "at"}'
 */

import { openDb } from "#adapters/dynamodb/db.ts";
import { openLog } from "#adapters/log.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { doJobs, type JobsContext } from "#functions/sweep/jobs.ts";
import { audited } from "#test/kit/audited.ts";

const { table, bucket, queue, graceMinutes, at } = JSON.parse(process.argv[2] ?? "");
const db = audited(openDb({ table }));
const began = performance.now();
const context: JobsContext = {
  db,
  bucket: openBucket(bucket, db.client),
  store: openQueue(queue),
  graceMinutes,
  settings: deploymentSettings({}),
  clock: () => new Date(Date.parse(at) + performance.now() - began),
  log: openLog({ write: () => {} }),
};
while ((await doJobs(context)) > 0);
