/** The model's table refuses and takes what the real one does: else it would show something about another product. */
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { openDb } from "#adapters/dynamodb/db.ts";
import {
  type CountedThing,
  condemn,
  forgetThing,
  getThings,
  giveBack,
  heldBy,
  holdThings,
} from "#adapters/dynamodb/holds.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { transact } from "#adapters/dynamodb/transact.ts";
import { audited } from "#test/kit/audited.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { building } from "#test/kit/submissions.ts";
import * as model from "./model/world.ts";

const aws = useMiniStack();
let db: ReturnType<typeof audited>;
beforeAll(() => {
  db = audited(openDb({ table: aws.table }));
});

const build = fc.constantFrom(1, 2);
const thing = fc.constantFrom("archives/a", "archives/b");
const by = fc.constantFrom("pass 1", "pass 2");
const deed = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("hold"), build, thing, mustExist: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("giveBack"), build, thing }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("see"), thing, by }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("condemn"), thing, by }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("forget"), thing, by }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel"), build }) },
) as fc.Arbitrary<Deed>;

type Deed =
  | { kind: "hold"; build: number; thing: string; mustExist: boolean }
  | { kind: "giveBack"; build: number; thing: string }
  | { kind: "see" | "condemn" | "forget"; thing: string; by: string }
  | { kind: "cancel"; build: number };

/** What one of them saw last, in both tables. */
type Seen = Map<string, { readonly real: CountedThing; readonly model: model.Counted }>;

async function compare(deeds: readonly Deed[]): Promise<void> {
  const ids = [await building(db, "me"), await building(db, "me")];
  const idOf = (number: number): number => ids[number - 1]?.id ?? 0;
  const own = (name: string): string => `${name}-${idOf(1)}`;
  const begun = { status: "BUILDING", isDeleted: false, owner: 0, holds: [], task: "begun" } as const;
  let world: model.World = { ...model.newWorld(2), builds: [begun, begun] };
  const seen: Seen = new Map();
  let now = Date.parse("2026-01-01T00:00:00Z");
  for (const each of deeds) {
    now += 1000;
    const at = new Date(now);
    switch (each.kind) {
      case "hold": {
        const after = model.hold(world, model.CONDITIONS, each.build, each.thing, each.mustExist);
        const who = { build: idOf(each.build), attempt: ids[each.build - 1]?.attempt ?? 0 };
        const outcome = await holdThings(db, who, [own(each.thing)], each);
        expect(outcome).toBe(typeof after === "string" ? after : "held");
        if (typeof after !== "string") world = after;
        break;
      }
      case "giveBack":
        world = model.giveBack(world, model.CONDITIONS, each.build, each.thing);
        await giveBack(db, idOf(each.build), own(each.thing), { at, due: at });
        break;
      case "see": {
        const real = (await getThings(db, [own(each.thing)])).get(own(each.thing));
        const counted = world.things[each.thing];
        if (real && counted) seen.set(`${each.by} ${each.thing}`, { real, model: counted });
        break;
      }
      case "condemn": {
        const saw = seen.get(`${each.by} ${each.thing}`);
        if (!saw) break;
        const after = model.condemn(world, model.CONDITIONS, each.thing, saw.model, each.by);
        expect(await condemn(db, saw.real, each.by, at)).toBe(after !== null);
        world = after ?? world;
        break;
      }
      case "forget":
        world = model.forget(world, each.thing, each.by);
        await transact(db, [forgetThing(db, own(each.thing), each.by)]);
        break;
      case "cancel":
        world = model.withBuild(world, each.build, { status: "FAILED" });
        await makeMove(db, idOf(each.build), { name: "cancel", by: "api", at });
    }
  }
  const real = await getThings(db, ["archives/a", "archives/b"].map(own));
  for (const name of ["archives/a", "archives/b"]) {
    const counted = real.get(own(name));
    const told = counted && { holders: counted.holders, condemnedBy: counted.condemned?.by ?? null };
    const { givenBack: _, ...expected } = world.things[name] ?? {};
    expect(told ?? {}).toEqual(expected);
  }
  for (const number of [1, 2]) {
    expect((await heldBy(db, idOf(number))).sort()).toEqual(
      model.buildOf(world, number).holds.map(own).sort(),
    );
    await makeMove(db, idOf(number), { name: "cancel", by: "api", at: new Date(now) });
  }
}

test("whatever is held, given back, condemned and forgotten, in any order", async () => {
  await fc.assert(fc.asyncProperty(fc.array(deed, { minLength: 10, maxLength: 30 }), compare), {
    numRuns: 12,
  });
}, 300_000);
