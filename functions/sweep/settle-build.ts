/**
 * What a build that has ended gives back: things that it held and does not name, because it failed, was canceled, found
 * something to borrow, or has been deleted. When nothing of it is left, its own items go.
 * @module
 */
import { forgetBuild, getBuild } from "#adapters/dynamodb/builds.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import { giveBack, heldBy } from "#adapters/dynamodb/holds.ts";
import { dropRepositoryBlob, dropRepositoryTag } from "#adapters/dynamodb/repositories.ts";
import { deleteObject, listObjects } from "#adapters/s3/objects.ts";
import type { Build } from "#core/build/build.ts";
import { isGone } from "#core/build/deletion.ts";
import { type DueJob, minutesAfter } from "#core/build/job.ts";
import { isFinal, stateOf } from "#core/build/state-machine.ts";
import { imageDigestOf, needs, parseThing } from "#core/build/thing.ts";
import { tagsOf } from "#core/image/tags.ts";
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
  const due = minutesAfter(at, graceMinutes);
  const held = await heldBy(db, id);
  const unneeded = held.filter((thing) => !build || !needs(build, thing));
  // First nobody is sent there any more; a pull that was begun has the grace time.
  if (build) await leaveRepository(db, build, unneeded);
  for (const thing of unneeded) await giveBack(db, id, thing, { at, due });
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

/** A deleted build may not tell its lock any more; the list of packages is named by it. */
async function leaveRepository(db: Db, build: Build, things: readonly string[]): Promise<void> {
  const digests = things.map(imageDigestOf).filter((digest) => digest !== null);
  if (digests.length === 0) return;
  const lists = things.map(parseThing).filter((thing) => thing?.kind === "packages");
  const lockDigest = build.lockDigest ?? lists[0]?.lockDigest ?? null;
  for (const tag of tagsOf({ ...build, lockDigest })) await dropRepositoryTag(db, build, tag);
  for (const digest of digests) await dropRepositoryBlob(db, build, digest);
}
