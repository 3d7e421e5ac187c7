import { expect, test } from "vitest";
import type { Build } from "#core/build/build.ts";
import type { BuildId } from "#core/names.ts";
import { newBuild } from "#test/kit/builds.ts";
import { Deeds } from "./deeds.ts";

const place = { namespace: "team", environment: "demo" };
const at = (ms: number) => ({ fromMs: ms, toMs: ms + 1 });
const there = (...ids: number[]): Build[] => ids.map((id) => ({ ...newBuild(id), id: id as BuildId }));

/** Builds 1 to 3 of one environment were accepted, one after the other. */
function three(): Deeds {
  const deeds = new Deeds();
  for (const id of [1, 2, 3]) deeds.accepted(id, place, at(id * 10));
  return deeds;
}

test("an accepted build that is not there is a fault, unless somebody deleted it, or what it was in", () => {
  expect(three().faultsOf(there(1, 2, 3))).toEqual([]);
  expect(three().faultsOf(there(1, 3))).toEqual(["build 2 was accepted and is not there"]);
  const deeds = three();
  deeds.deleted({ build: 2 }, at(50), false);
  expect(deeds.faultsOf(there(1, 3))).toEqual([]);
  deeds.deleted({ namespace: "team", environment: null }, at(5), false);
  expect(deeds.faultsOf(there(3))).toHaveLength(1);
});

test("what was deleted for sure must be gone; what was accepted meanwhile may be", () => {
  const deeds = three();
  deeds.deleted(place, { fromMs: 25, toMs: 35 }, true);
  expect(deeds.faultsOf([])).toEqual([]);
  expect(deeds.faultsOf(there(3))).toEqual([]);
  expect(deeds.faultsOf(there(2))).toHaveLength(2);
});

test("what was pinned is there, though only the newest are kept; what is older than those may be gone", () => {
  const deeds = three();
  deeds.kept(place, 2);
  expect(deeds.faultsOf(there(2, 3))).toEqual([]);
  expect(deeds.faultsOf(there(1, 3))).toHaveLength(1);
  deeds.pinned(1);
  expect(deeds.faultsOf(there(2, 3))).toEqual(["build 1 was pinned and is not there"]);
});
