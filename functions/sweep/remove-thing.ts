/**
 * Removing what nobody holds. First it is condemned, which fails while anybody holds it and after which nobody can; then it
 * is removed; then it is forgotten. Objects may be made anew under the same key after that, so that only who condemned it
 * removes it: somebody who died on the way is followed by another only when no function of his can be running any more.
 * @module
 */
import type { Db } from "#adapters/dynamodb/db.ts";
import { type CountedThing, condemn, forgetThing, getThings } from "#adapters/dynamodb/holds.ts";
import { packagesKey } from "#adapters/dynamodb/keys.ts";
import { AGAIN, withRetry } from "#adapters/dynamodb/retry.ts";
import { dropReusable } from "#adapters/dynamodb/reuse.ts";
import { type TransactItem, transact } from "#adapters/dynamodb/transact.ts";
import type { Log } from "#adapters/log.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { deleteObject } from "#adapters/s3/objects.ts";
import { type StoreQueue, send } from "#adapters/sqs/queue.ts";
import { type DueJob, minutesAfter } from "#core/build/job.ts";
import { parseThing } from "#core/build/thing.ts";

export interface RemovalContext {
  readonly db: Db;
  readonly bucket: Bucket;
  /** null: there is no shared disk. */
  readonly store: StoreQueue | null;
  /** From when a thing was given back to when it is removed. */
  readonly graceMinutes: number;
  readonly clock: () => Date;
  readonly log: Log;
}

/** Two times the longest pass of sweep; and the longest that store may take with a directory, and some more. */
const TAKE_OVER_MINUTES = { object: 2, packages: 2, directory: 20 } as const;

export async function removeThing(context: RemovalContext, name: string): Promise<DueJob | null> {
  const { db, clock, graceMinutes, log } = context;
  const at = clock();
  const thing = parseThing(name);
  const seen = (await getThings(db, [name])).get(name);
  // Gone; or held again; or given back again since, which made a job of its own.
  if (!thing || !seen || seen.holders > 0 || seen.givenBackOn === null) return null;
  if (minutesAfter(seen.givenBackOn, graceMinutes) > at) return null;
  const job = { kind: "thing", thing: name } as const;
  const takeOver = minutesAfter(seen.condemned?.since ?? at, TAKE_OVER_MINUTES[thing.kind]);
  if (seen.condemned && takeOver > at) return { due: takeOver, job };
  const me = crypto.randomUUID();
  if (!(await condemn(db, seen, me, at))) return { due: minutesAfter(at, 1), job };
  log.info("nobody holds it: removed", { thing: name });
  switch (thing.kind) {
    case "object":
      if (seen.reuseKey !== null) await dropReusable(db, seen.reuseKey);
      await deleteObject(context.bucket, thing.key);
      await forget(db, [forgetThing(db, name, me)]);
      return null;
    case "packages":
      await forget(db, [
        forgetThing(db, name, me),
        { Delete: { TableName: db.table, Key: packagesKey(thing.lockDigest) } },
      ]);
      return null;
    case "directory":
      return await removeDirectory(context, seen, thing, me);
  }
}

/** Only store reaches the disk; it forgets the thing when it is done. Should it not be, it is asked again. */
async function removeDirectory(
  { db, store, clock, log }: RemovalContext,
  { thing, reuseKey }: CountedThing,
  { namespace, directory }: { readonly namespace: string; readonly directory: string },
  me: string,
): Promise<DueJob | null> {
  if (reuseKey !== null) await dropReusable(db, reuseKey, directory);
  if (store === null) {
    log.warn("its disk is no longer this deployment's: the directory is left there", { thing });
    await forget(db, [forgetThing(db, thing, me)]);
    return null;
  }
  await send(store, { namespace, directory });
  return { due: minutesAfter(clock(), TAKE_OVER_MINUTES.directory), job: { kind: "thing", thing } };
}

/** If another took over, it is his to forget. */
async function forget(db: Db, items: readonly TransactItem[]): Promise<void> {
  await withRetry(async () => ((await transact(db, items)).kind === "contention" ? AGAIN : "done"));
}
