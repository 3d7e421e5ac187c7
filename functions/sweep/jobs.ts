/**
 * Doing what is due: ended builds give back what they do not need, deleted environments and namespaces lose their builds,
 * things that nobody holds are removed, environments keep their newest builds only. A bounded number of jobs a pass, in
 * the order of their time; each may be repeated, raced or break off.
 * @module
 */
import { emptyEnvironment } from "#adapters/dynamodb/delete-environment.ts";
import { emptyNamespace } from "#adapters/dynamodb/delete-namespace.ts";
import { dropDue, readDue, replaceDue } from "#adapters/dynamodb/due.ts";
import { removeUse } from "#adapters/dynamodb/uses.ts";
import { send } from "#adapters/sqs/queue.ts";
import type { DueJob, Job } from "#core/build/job.ts";
import { removeThing } from "./remove-thing.ts";
import { retain } from "./retain.ts";
import { type SettleContext, settleBuild } from "./settle-build.ts";

export type JobsContext = SettleContext;

/** Jobs begun in one pass; more are the next pass's. */
const JOBS_MAX = 100;
/** Of the minute that a pass has; what is begun may take longer. */
const BEGIN_SECONDS = 30;
/** Builds that one job deletes in a pass. */
const BUILDS_MAX = 200;

/** @returns how many were done, or brought a step further */
export async function doJobs(context: JobsContext): Promise<number> {
  const { db, clock, log } = context;
  const began = performance.now();
  let done = 0;
  for (const due of await readDue(db, clock(), JOBS_MAX)) {
    if (performance.now() - began > BEGIN_SECONDS * 1000) break;
    try {
      const next = await doJob(context, due.job);
      if (next === null) await dropDue(db, due);
      else await replaceDue(db, due, next);
      done += 1;
    } catch (error) {
      // It stays where it is for the next pass, and must not keep the others.
      log.error("a job failed", { ...due.job, error });
    }
  }
  return done;
}

/** @returns what is to be done later instead; null when nothing is */
async function doJob(context: JobsContext, job: Job): Promise<DueJob | null> {
  const { db, clock, store } = context;
  const at = clock();
  const again = { due: new Date(at.getTime() + 1000), job };
  switch (job.kind) {
    case "build":
      return await settleBuild(context, job.build);
    case "thing":
      return await removeThing(context, job.thing);
    case "use":
      return (await removeUse(db, job.use)) ? null : again;
    case "environment": {
      const { namespace, name } = job;
      if (store !== null) await send(store, { namespace, environment: name });
      const deleted = await emptyEnvironment(db, job, { by: "sweep", at, most: BUILDS_MAX });
      return deleted < BUILDS_MAX ? null : again;
    }
    case "namespace": {
      const unlink = async (environment: string): Promise<void> => {
        if (store !== null) await send(store, { namespace: job.name, environment });
      };
      const empty = await emptyNamespace(db, job, { by: "sweep", at, most: BUILDS_MAX, unlink });
      return empty ? null : again;
    }
    case "retention":
      return await retain(context, job);
  }
}
