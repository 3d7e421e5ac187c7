import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextTurns, placeOf, type Turn } from "#core/build/turns.ts";

const ring = fc
  .uniqueArray(fc.constantFrom<string[]>("a", "b", "c", "d", "e", "f"), { minLength: 1 })
  .chain((names) =>
    fc.tuple(
      ...names.map((namespace) =>
        fc.record({
          namespace: fc.constant(namespace),
          turn: fc.nat(20),
          waiting: fc.nat(12),
          room: fc.nat(12),
        }),
      ),
    ),
  );
const count = fc.nat(30);
const roomIn = (all: readonly (Turn & { room: number })[]) => (namespace: string) =>
  all.find((turn) => turn.namespace === namespace)?.room ?? 0;
const times = (order: readonly string[], namespace: string) =>
  order.filter((each) => each === namespace).length;

describe("the order of turns", () => {
  test("gives as many as there are places, unless there is nobody left who waits and has room", () => {
    fc.assert(
      fc.property(ring, count, (all, most) => {
        const able = all.reduce((sum, { waiting, room }) => sum + Math.min(waiting, room), 0);
        expect(nextTurns(all, roomIn(all), most)).toHaveLength(Math.min(able, most));
      }),
    );
  });

  test("gives nobody more than wait or than there is room for", () => {
    fc.assert(
      fc.property(ring, count, (all, most) => {
        const order = nextTurns(all, roomIn(all), most);
        for (const { namespace, waiting, room } of all) {
          expect(times(order, namespace)).toBeLessThanOrEqual(Math.min(waiting, room));
        }
      }),
    );
  });

  test("gives nobody a second turn more than another who could still have one", () => {
    fc.assert(
      fc.property(ring, count, (all, most) => {
        const order = nextTurns(all, roomIn(all), most);
        for (let n = 0; n <= order.length; n++) {
          const part = order.slice(0, n);
          const open = all.filter((turn) => times(part, turn.namespace) < Math.min(turn.waiting, turn.room));
          for (const a of open) {
            for (const b of all) {
              expect(times(part, b.namespace)).toBeLessThanOrEqual(times(part, a.namespace) + 1);
            }
          }
        }
      }),
    );
  });

  test("begins with the lowest number", () => {
    fc.assert(
      fc.property(ring, (all) => {
        const [first] = nextTurns(all, roomIn(all), 1);
        const able = all.filter(({ waiting, room }) => waiting > 0 && room > 0);
        const turn = able.find(({ namespace }) => namespace === first)?.turn;
        if (able.length > 0) expect(turn).toBe(Math.min(...able.map((each) => each.turn)));
      }),
    );
  });

  test("does not depend on how many it is asked for, nor on the order of what it is given", () => {
    fc.assert(
      fc.property(ring, count, count, (all, a, b) => {
        const few = nextTurns(all, roomIn(all), Math.min(a, b));
        const many = nextTurns(all.toReversed(), roomIn(all), Math.max(a, b));
        expect(many.slice(0, few.length)).toEqual(few);
      }),
    );
  });

  test("turn by turn, each served going to the end, is the same as all at once", () => {
    fc.assert(
      fc.property(ring, count, (all, most) => {
        const line = new Map(all.map((each) => [each.namespace, { ...each, turn: each.turn - 100 }]));
        const sequence: string[] = [];
        for (let number = 1; number <= most; number++) {
          const [next] = nextTurns([...line.values()], roomIn([...line.values()]), 1);
          const at = next === undefined ? undefined : line.get(next);
          if (!next || !at) break;
          sequence.push(next);
          line.set(next, { ...at, turn: number, waiting: at.waiting - 1, room: at.room - 1 });
        }
        expect(sequence).toEqual(nextTurns(all, roomIn(all), most));
      }),
    );
  });
});

describe("a build's place", () => {
  test("is where the order of turns would start it, with room for everybody", () => {
    fc.assert(
      fc.property(ring, (all) => {
        const total = all.reduce((sum, { waiting }) => sum + waiting, 0);
        const order = nextTurns(all, () => Number.POSITIVE_INFINITY, total);
        for (const { namespace, waiting } of all) {
          const places = order.flatMap((each, i) => (each === namespace ? [i + 1] : []));
          for (let before = 0; before < waiting; before++) {
            const wanted = { position: places[before], of: total };
            expect(placeOf(all, namespace, before)).toEqual(wanted);
          }
        }
      }),
    );
  });

  test("is none when the build has left the line between two reads", () => {
    expect(placeOf([], "a", 0)).toBeNull();
    expect(placeOf([{ namespace: "a", turn: 1, waiting: 2 }], "a", 2)).toBeNull();
  });
});
