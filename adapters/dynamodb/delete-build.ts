/**
 * Deleting builds. The mark, the counts and the job that takes away the bytes are one transaction; the bytes go later.
 * @module
 */
import type { Build } from "#core/build/build.ts";
import { deleted, whyKept } from "#core/build/deletion.ts";
import { type DueJob, minutesAfter, ZOMBIE_MINUTES } from "#core/build/job.ts";
import { isFinal, stateOf } from "#core/build/state-machine.ts";
import type { ArtifactType, BuildStatus } from "#core/build/status.ts";
import { AppError } from "#core/errors.ts";
import type { BuildCounts } from "#core/namespace/namespace.ts";
import { type AuditedDb, auditItem } from "./audit.ts";
import { fromBuild, getBuild } from "./builds.ts";
import type { Db } from "./db.ts";
import { putDue } from "./due.ts";
import { getEnvironment } from "./environments.ts";
import { UNSET } from "./expression.ts";
import { buildItemKey, buildRowKey, countsKey, environmentKey, goneRowKey, SCHEMA_VERSION } from "./keys.ts";
import { makeMove } from "./moves.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { type TransactItem, transact } from "./transact.ts";
import { change, create } from "./transact-items.ts";

/**
 * Deletes one build of an environment; deleting it again changes nothing.
 * @param keep types of artifacts that stay, with the build's record
 * @throws AppError build_not_found, invalid_request (it has not ended), conflict (current, or pinned), try_again
 */
export async function deleteBuild(
  db: AuditedDb,
  id: number,
  keep: readonly ArtifactType[],
  at: Date,
): Promise<void> {
  await withRetry(async () => {
    const build = await getBuild(db, id);
    if (!build) throw new AppError("build_not_found", "build id does not exist");
    if (build.deletedOn !== null) return "done";
    const { namespace, environment: name, environmentId } = build;
    const environment = await getEnvironment(db, namespace, name);
    if (environment?.id !== environmentId) {
      throw new AppError("build_not_found", "build id does not exist");
    }
    const refusal = whyKept(build, environment);
    if (refusal) throw refusal;
    const { currentBuildId } = environment;
    const outcome = await transact(db, [
      ...deletion(db, build, keep, at),
      change(db, environmentKey(namespace, name), {
        add: { builds: -1 },
        // Who chooses it at the same moment is either seen here, or sees that it is deleted.
        where: { id: environmentId, currentBuildId },
      }),
      auditItem(db, { action: "build.delete", namespace, environment: name, build: id }, at),
    ]);
    return outcome.kind === "done" ? "done" : AGAIN;
  });
}

/**
 * Deletes a build of an environment that is gone, whatever state it is in, and all that had been kept of it.
 * @param by who cancels it, if it has not ended
 */
export async function deleteWhole(db: AuditedDb, id: number, by: "api" | "sweep", at: Date): Promise<void> {
  await withRetry(async () => {
    const build = await getBuild(db, id);
    if (!build) return "done";
    if (!isFinal(stateOf(build))) {
      await makeMove(db, id, { name: "cancel", by, at });
      return AGAIN;
    }
    const outcome = await transact(db, deletion(db, build, [], at));
    return outcome.kind === "done" ? "done" : AGAIN;
  });
}

const COUNTED: Readonly<Partial<Record<BuildStatus, keyof BuildCounts>>> = {
  COMPLETED: "completed",
  FAILED: "failed",
  CANCELED: "canceled",
};

/** The build, its row, its namespace's counts and the job for its bytes. */
function deletion(db: Db, build: Build, keep: readonly ArtifactType[], at: Date): TransactItem[] {
  const { id, namespace, environment, environmentId, status, sizeBytes, deletedOn, pinnedOn } = build;
  const set = deleted(build, keep, at);
  const counted = COUNTED[status];
  const isKept = set.artifacts.length > 0;
  const gone = goneRowKey(namespace, environment, id);
  return [
    change(db, buildItemKey(id), {
      set: fromBuild(set),
      where: {
        status,
        deletedOn: deletedOn?.toISOString() ?? UNSET,
        ...(pinnedOn ? {} : { pinnedOn: UNSET }),
      },
    }),
    ...(deletedOn === null
      ? [
          { Delete: { TableName: db.table, Key: buildRowKey(namespace, environment, id) } },
          change(db, countsKey(namespace), {
            add: { builds: -1, sizeBytes: -sizeBytes, ...(counted ? { [counted]: -1 } : {}) },
            set: { v: SCHEMA_VERSION },
          }),
        ]
      : []),
    ...(isKept ? [create(db, gone, { id, environmentId })] : []),
    ...(deletedOn !== null && !isKept ? [{ Delete: { TableName: db.table, Key: gone } }] : []),
    putDue(db, jobOf(build, at)),
  ];
}

function jobOf({ id, endedOn }: Build, at: Date): DueJob {
  const quiet = minutesAfter(endedOn ?? at, ZOMBIE_MINUTES);
  return { due: quiet > at ? quiet : at, job: { kind: "build", build: id, because: "deleted" } };
}
