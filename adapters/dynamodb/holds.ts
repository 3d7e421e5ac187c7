/**
 * Who holds which thing. A build holds a thing before it looks for it or makes it, and until it needs it no more; a thing
 * that nobody holds may be condemned, and what is condemned can be held by nobody: of a hold and a removal that meet, one
 * is refused.
 * @module
 */

import { batchGet } from "./batch-get.ts";
import { UpdateCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { putDue } from "./due.ts";
import { expressions, UNSET } from "./expression.ts";
import type { Item } from "./item.ts";
import { buildItemKey, holdKey, holdsPartition, SCHEMA_VERSION, thingKey } from "./keys.ts";
import { readPartition } from "./query.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { type TransactItem, transact } from "./transact.ts";
import { change, check, create, remove } from "./transact-items.ts";

/** Names of the things that a build holds. */
export async function heldBy(db: Db, build: number): Promise<string[]> {
  const names: string[] = [];
  for await (const item of readPartition(db, { partition: holdsPartition(build) })) {
    names.push(String(item["sk"]));
  }
  return names;
}

/**
 * Holds things for the build of an attempt that runs, all or none.
 * @param mustExist refuse what nobody has made yet, or what is gone: for lending
 * @returns `lost` when the attempt does not count any more; `refused` when a thing is condemned, or not there
 */
export async function holdThings(
  db: Db,
  { build, attempt }: { readonly build: number; readonly attempt: number },
  things: readonly string[],
  { mustExist = false }: { readonly mustExist?: boolean } = {},
): Promise<"held" | "refused" | "lost"> {
  return await withRetry(async () => {
    const held = new Set(await heldBy(db, build));
    const wanted = [...new Set(things)].filter((thing) => !held.has(thing));
    if (wanted.length === 0) return "held";
    const outcome = await transact(db, [
      // The build's item and not the attempt's, which beats and steps are written to all the time.
      check(db, buildItemKey(build), { status: "BUILDING", dispatched: attempt }),
      ...wanted.map((thing) => create(db, holdKey(build, thing), { build, thing })),
      ...wanted.map((thing) =>
        change(db, thingKey(thing), {
          set: { thing, v: SCHEMA_VERSION },
          add: { holders: 1 },
          where: { condemned: UNSET, ...(mustExist ? { thing } : {}) },
        }),
      ),
    ]);
    if (outcome.kind === "done") return "held";
    if (outcome.kind === "contention") return AGAIN;
    if (outcome.failed.includes(0)) return "lost";
    return outcome.failed.some((at) => at > wanted.length) ? "refused" : AGAIN;
  });
}

/**
 * Gives a thing back for a build; sweep looks at it when the grace time has passed. What has been given back already stays
 * so, and its grace time does not begin again.
 */
export async function giveBack(
  db: Db,
  build: number,
  thing: string,
  { at, due }: { readonly at: Date; readonly due: Date },
): Promise<void> {
  await withRetry(async () => {
    const outcome = await transact(db, [
      remove(db, holdKey(build, thing), { thing }),
      change(db, thingKey(thing), {
        set: { givenBackOn: at.toISOString() },
        add: { holders: -1 },
        where: { thing },
      }),
      putDue(db, { due, job: { kind: "thing", thing } }),
    ]);
    return outcome.kind === "contention" ? AGAIN : "done";
  });
}

/** Part of the transaction that makes a build which is to find this thing when it is built. Fails if it is condemned. */
export const holdItems = (db: Db, build: number, thing: string): TransactItem[] => [
  create(db, holdKey(build, thing), { build, thing }),
  change(db, thingKey(thing), {
    set: { thing, v: SCHEMA_VERSION },
    add: { holders: 1 },
    where: { condemned: UNSET },
  }),
];

/** Notes where builds of the same lock look for a directory that is held, so that they look no more when it goes. */
export async function noteReuseKey(db: Db, thing: string, reuseKey: string): Promise<void> {
  await db.client.send(
    new UpdateCommand({
      TableName: db.table,
      Key: thingKey(thing),
      ...expressions({ set: { reuseKey }, where: { thing } }),
    }),
  );
}

/** A thing as it is counted. */
export interface CountedThing {
  readonly thing: string;
  readonly holders: number;
  /** When somebody gave it back last; null while nobody has. */
  readonly givenBackOn: Date | null;
  /** Who removes it, since when; null while nobody does. */
  readonly condemned: { readonly by: string; readonly since: Date } | null;
  /** Where builds of the same lock look for the directory that it is. */
  readonly reuseKey: string | null;
}

/** Things by name; what nobody ever held, or what is gone, is absent. */
export async function getThings(db: Db, names: readonly string[]): Promise<Map<string, CountedThing>> {
  const items = await batchGet(db, names.map(thingKey));
  return new Map(items.map(toThing).map((thing) => [thing.thing, thing]));
}

/**
 * Condemns a thing as it was read: from now on nobody can hold it. Also takes over from somebody who condemned it and died.
 * @param by this removal's own name, by which alone the thing can then be forgotten
 * @returns false when somebody holds it, gave it back again or condemned it since
 */
export async function condemn(db: Db, seen: CountedThing, by: string, at: Date): Promise<boolean> {
  return await withRetry(async () => {
    const outcome = await transact(db, [
      change(db, thingKey(seen.thing), {
        set: { condemned: by, condemnedOn: at.toISOString() },
        where: {
          holders: 0,
          givenBackOn: seen.givenBackOn?.toISOString() ?? UNSET,
          condemned: seen.condemned?.by ?? UNSET,
        },
      }),
    ]);
    return outcome.kind === "contention" ? AGAIN : outcome.kind === "done";
  });
}

/** Part of the end of a removal: the thing is gone, and may be made and held anew. Fails if another took over. */
export const forgetThing = (db: Db, thing: string, by: string): TransactItem =>
  remove(db, thingKey(thing), { condemned: by });

function toThing(item: Item): CountedThing {
  const by = item["condemned"] as string | undefined;
  const givenBackOn = item["givenBackOn"] as string | undefined;
  return {
    thing: String(item["thing"]),
    holders: Number(item["holders"]),
    givenBackOn: givenBackOn === undefined ? null : new Date(givenBackOn),
    condemned: by === undefined ? null : { by, since: new Date(String(item["condemnedOn"])) },
    reuseKey: (item["reuseKey"] as string | undefined) ?? null,
  };
}
