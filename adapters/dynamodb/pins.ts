/**
 * Pins: a build that somebody wants kept.
 * @module
 */
import { isFinal, stateOf } from "#core/build/state-machine.ts";
import { AppError } from "#core/errors.ts";
import { type AuditedDb, auditItem } from "./audit.ts";
import { getBuild } from "./builds.ts";
import { UNSET } from "./expression.ts";
import { buildItemKey } from "./keys.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { transact } from "./transact.ts";
import { change } from "./transact-items.ts";

/**
 * Pins a build, or takes its pin away (null); doing it again changes nothing.
 * @throws AppError build_not_found, conflict (to pin what is deleted or failed), try_again
 */
export async function pinBuild(db: AuditedDb, id: number, pinnedOn: Date | null): Promise<void> {
  await withRetry(async () => {
    const build = await getBuild(db, id);
    if (!build) throw new AppError("build_not_found", "build id does not exist");
    if (build.deletedOn !== null && pinnedOn) throw new AppError("conflict", `Build ${id} has been deleted.`);
    const state = stateOf(build);
    if (pinnedOn && isFinal(state) && state !== "completed") {
      throw new AppError("conflict", `Build ${id} is ${build.status}: only what can be used can be pinned.`);
    }
    if ((build.pinnedOn === null) === (pinnedOn === null)) return "done";
    const outcome = await transact(db, [
      change(db, buildItemKey(id), {
        set: { pinnedOn: pinnedOn?.toISOString() ?? null },
        where: { id, ...(pinnedOn ? { deletedOn: UNSET } : {}) },
      }),
      auditItem(db, {
        action: pinnedOn ? "build.pin" : "build.unpin",
        namespace: build.namespace,
        environment: build.environment,
        build: id,
      }),
    ]);
    return outcome.kind === "done" ? "done" : AGAIN;
  });
}
