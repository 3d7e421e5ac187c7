/**
 * What a build that has ended gives back: things that it held and does not name, because it failed, was canceled, found
 * something to borrow, or has been deleted. When nothing of it is left, its own items go.
 * @module
 */
import { forgetBuild, getBuild } from "#adapters/dynamodb/builds.ts";
import { giveBack, heldBy } from "#adapters/dynamodb/holds.ts";
import { deleteObject, listObjects } from "#adapters/s3/objects.ts";
import { isGone } from "#core/build/deletion.ts";
import { type DueJob, minutesAfter } from "#core/build/job.ts";
import { isFinal, stateOf } from "#core/build/state-machine.ts";
import { thingsOf } from "#core/build/thing.ts";
import { logsPrefix } from "#core/layout.ts";
import type { RemovalContext } from "./remove-thing.ts";
import { type RetainContext, retainOne } from "./retain.ts";

export type SettleContext = RemovalContext & RetainContext;

/** A minute in which a build that is not ready for this is not looked at again. */
const LATER_MINUTES = 1;

export async function settleBuild(context: SettleContext, id: number): Promise<DueJob | null> {
  const { db, bucket, clock, graceMinutes } = context;
  const at = clock();
  const build = await getBuild(db, id);
  if (build && !isFinal(stateOf(build))) return null;
  const needed = new Set(build ? thingsOf(build) : []);
  const due = minutesAfter(at, graceMinutes);
  for (const thing of await heldBy(db, id)) {
    if (!needed.has(thing)) await giveBack(db, id, thing, { at, due });
  }
  if (!build) return null;
  const keepsLog = build.artifacts.some(({ type }) => type === "LOGS");
  if (build.deletedOn !== null && !keepsLog) {
    for (const { key } of await listObjects(bucket, logsPrefix(id))) await deleteObject(bucket, key);
  }
  if (isGone(build)) await forgetBuild(db, build);
  else if (build.deletedOn === null && build.status === "COMPLETED") {
    const isAll = await retainOne(context, build.namespace, build.environment);
    const job = { kind: "build", build: id, because: "ended" } as const;
    if (!isAll) return { due: minutesAfter(at, LATER_MINUTES), job };
  }
  return null;
}
