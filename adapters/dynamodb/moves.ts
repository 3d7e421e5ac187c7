/**
 * Performing a move of the state machine: one conditional transaction. Nothing else writes a status.
 * @module
 */
import type { AuditedChange } from "#core/audit/entry.ts";
import type { Build } from "#core/build/build.ts";
import type { Move } from "#core/build/move.ts";
import { decide } from "#core/build/state-machine.ts";
import type { Write } from "#core/build/writes.ts";
import { type AuditedDb, auditItem } from "./audit.ts";
import { fromBuild, getBuildAndMover, type MovedBuild } from "./builds.ts";
import type { Db } from "./db.ts";
import { putDue } from "./due.ts";
import { fromNeed, getEnvironment } from "./environments.ts";
import {
  attemptKey,
  buildItemKey,
  countsKey,
  environmentKey,
  lineKey,
  SCHEMA_VERSION,
  shareKey,
  slotKey,
  turnKey,
} from "./keys.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { type TransactItem, transact } from "./transact.ts";
import { change, create, remove } from "./transact-items.ts";
import { type NewUse, prepareUse } from "./uses.ts";

/** A lost race is an answer: what the build was found to be (null: there is none) and why the move was not made. */
export type MoveOutcome =
  | { readonly won: true; readonly build: Build }
  | {
      readonly won: false;
      readonly found: Build | null;
      readonly why: string;
      /** Of what a dispatch wanted, what another attempt holds. */
      readonly taken: readonly ("slot" | "share")[];
    };

/** Moves that people ask about afterwards: somebody's cancel, and a new build that everybody gets. */
type AuditedMove = Extract<Move, { readonly name: "cancel" | "complete" }>;
type DbFor<M extends Move> = [Extract<M, AuditedMove>] extends [never] ? Db : AuditedDb;

/**
 * Makes a move if the build, as it is now, allows it.
 * Contention is retried with jitter, from a fresh read each time; the token stored with the build tells a retry that
 * its own earlier write had succeeded, which counts as won.
 * @param seen the build as the caller has just read it: the first try reads nothing
 * @throws AppError try_again when contention does not end
 */
export async function makeMove<M extends Move>(
  db: DbFor<M>,
  id: number,
  move: M,
  seen?: MovedBuild,
): Promise<MoveOutcome> {
  const token = crypto.randomUUID();
  let known = seen ?? null;
  return await withRetry<MoveOutcome>(async () => {
    const read = known ?? (await getBuildAndMover(db, id));
    known = null;
    if (!read) return { won: false, found: null, why: "there is no such build", taken: [] };
    const { build, movedBy } = read;
    if (movedBy === token) return { won: true, build };
    const environment =
      move.name === "complete" ? await getEnvironment(db, build.namespace, build.environment) : null;
    const decision = decide(build, move, environment);
    if (!decision.allowed) return { won: false, found: build, why: decision.why, taken: [] };
    const { writes } = decision;
    const becomes = writes.some(({ kind }) => kind === "environment") ? environment : null;
    const prepared = becomes ? await prepareUse(db, becomes, decision.build.lockDigest, move.at) : null;
    const audited = auditedIn(decision.build, move, writes, environment?.currentBuildId);
    const outcome = await transact(db, [
      ...writes.map((write) => itemOf(db, write, token, prepared)),
      ...(prepared?.items ?? []),
      ...(audited ? [auditItem(db as AuditedDb, audited, move.at)] : []),
    ]);
    if (outcome.kind === "done") return { won: true, build: decision.build };
    if (outcome.kind === "condition") {
      const taken = outcome.failed.flatMap((i) => {
        const write = writes[i];
        return (write?.kind === "slot" || write?.kind === "share") && write.change === "take" ? [write] : [];
      });
      if (taken.length > 0) {
        const names = taken.map((write) =>
          write.kind === "slot" ? `slot ${write.slot}` : `share ${write.share}`,
        );
        const why = `${names.join(" and ")} taken`;
        return { won: false, found: build, why, taken: taken.map(({ kind }) => kind) };
      }
    }
    return AGAIN;
  });
}

/** @param former the environment's current build until now */
function auditedIn(
  build: Build,
  move: Move,
  writes: readonly Write[],
  former: number | undefined,
): AuditedChange | null {
  const what = { namespace: build.namespace, environment: build.environment, build: build.id };
  if (move.name === "cancel") return { action: "build.cancel", ...what };
  if (!writes.some(({ kind }) => kind === "environment")) return null;
  return { action: "environment.update", ...what, details: { current_build: build.id, former } };
}

/**
 * One abstract write as one item of the transaction.
 * @param use where the environment's packages stand from now on, if this changes its current build
 */
export function itemOf(
  db: Db,
  write: Write,
  movedBy: string | null,
  use: NewUse | null = null,
): TransactItem {
  switch (write.kind) {
    case "build":
      return change(db, buildItemKey(write.id), {
        set: { ...fromBuild(write.set), movedBy },
        where: { ...write.expect },
      });
    case "slot": {
      const { slot, build, attempt } = write;
      return write.change === "take"
        ? create(db, slotKey(slot), { slot, build, attempt, task: null })
        : remove(db, slotKey(slot), { build, attempt });
    }
    case "share": {
      const { namespace, share, build, attempt } = write;
      const key = shareKey(namespace, share);
      return write.change === "take"
        ? create(db, key, { namespace, share, build, attempt })
        : remove(db, key, { build, attempt });
    }
    case "line": {
      const { build, namespace } = write;
      const key = lineKey(namespace, build);
      if (write.change === "leave") return remove(db, key, { build });
      const nextTryOn = write.nextTryOn?.toISOString() ?? null;
      return create(db, key, { build, namespace, nextTryOn });
    }
    case "turn": {
      const { namespace, turn } = write;
      const key = turnKey(namespace);
      if (write.change === "join") {
        const set = { namespace, v: SCHEMA_VERSION };
        return change(db, key, { set, setMissing: { turn }, add: { waiting: 1 } });
      }
      const used = turn === null ? {} : { set: { turn } };
      return change(db, key, { ...used, add: { waiting: -1 }, where: { namespace } });
    }
    case "attempt": {
      const { build, attempt } = write;
      const key = attemptKey(build, attempt);
      if (write.change === "open") {
        const nothing = { owner: null, beat: 0, step: null, result: null, closed: false };
        return create(db, key, { build, attempt, ...nothing });
      }
      if (write.change === "close") return change(db, key, { set: { closed: true }, where: { build } });
      return change(db, key, { set: { owner: write.owner }, where: { owner: null, closed: false } });
    }
    case "environment": {
      const { currentBuildId, currentAfter, linkBuildKey, need } = write;
      return change(db, environmentKey(write.namespace, write.name), {
        set: { currentBuildId, currentAfter, linkBuildKey, ...use?.set, ...(need ? fromNeed(need) : {}) },
        add: { linkVersion: 1 },
        where: { ...write.expect, ...use?.where },
      });
    }
    case "due":
      return putDue(db, write);
    case "counts":
      // Without a condition: the first build of a namespace makes the item, and a build must end even if it has gone.
      return change(db, countsKey(write.namespace), {
        add: write.add as Record<string, number>,
        set: { v: SCHEMA_VERSION },
      });
  }
}
