/**
 * What must hold in every state of the model: nothing that somebody needs is removed, and nothing that nobody needs stays.
 * @module
 */
import type { Model } from "#test/core/build/model/explore.ts";
import { storing, sweeping } from "./removals.ts";
import type { ModelStep, Rules } from "./rules.ts";
import { building } from "./tasks.ts";
import { type Kind, type ModelBuild, newWorld, thingBy, type World } from "./world.ts";

export const modelOf = (rules: Rules): Model<World, ModelStep> => ({
  initial: newWorld(rules.passes),
  steps: function* (world) {
    yield* building(world, rules);
    yield* sweeping(world, rules);
    yield* storing(world, rules);
  },
  keyOf,
  faultOf: (_, { next }) => faultOf(next, rules),
  isEnd: (world) => isEnd(world, rules),
});

/** Of a build that is over nothing can come any more; and it is the same which pass does what. */
function keyOf(world: World): string {
  const { things, passes, builds, jobs, ...rest } = world;
  const isOver = ({ status, isDeleted, task, holds }: ModelBuild, id: number): boolean =>
    (status === "FAILED" || isDeleted) && task === "gone" && holds.length + settling(world, id) === 0;
  const left = builds.map((build, i) => (isOver(build, i + 1) ? "over" : build));
  const counted = Object.entries(things).sort(([a], [b]) => (a < b ? -1 : 1));
  const orders = [Object.keys(passes), Object.keys(passes).reverse()].map((names) =>
    JSON.stringify([
      ...[left, jobs, rest, names.map((name) => passes[name])],
      counted.map(([thing, { condemnedBy, ...count }]) => [thing, count, whose(names, condemnedBy)]),
    ]),
  );
  return orders.sort()[0] ?? "";
}

const whose = (names: readonly string[], by: string | null): string | number | null =>
  by !== null && names.includes(by) ? names.indexOf(by) : by;

const settling = ({ jobs, passes }: World, id: number): number =>
  jobs.filter((job) => job.startsWith(`settle ${id},`)).length +
  Object.values(passes).filter((pass) => pass.kind === "settles" && pass.build === id).length;

function faultOf({ builds, things, bytes }: World, { kind }: Rules): string | null {
  for (const [i, build] of builds.entries()) {
    const thing = neededBy(build, kind);
    if (thing !== null && !bytes.includes(thing)) return `build ${i + 1} needs ${thing}, which is not there`;
  }
  for (const [thing, { holders, condemnedBy }] of Object.entries(things)) {
    const holding = builds.filter(({ holds }) => holds.includes(thing)).length;
    if (holders !== holding) return `${thing} counts ${holders} holders and has ${holding}`;
    if (holding > 0 && condemnedBy !== null) return `${thing} is condemned and held`;
  }
  const unknown = bytes.find((thing) => !(thing in things));
  return unknown === undefined ? null : `${unknown} is there and nobody knows`;
}

/** What a completed build has; or what its task has found or made, and will name. */
function neededBy({ status, isDeleted, task, owner }: ModelBuild, kind: Kind): string | null {
  const isFound = status === "BUILDING" && task === "has all";
  return isFound || (status === "COMPLETED" && !isDeleted) ? thingBy(kind, owner) : null;
}

/** Nothing is left to do, and what is there is what somebody needs. */
function isEnd({ builds, things, jobs, messages, passes, store }: World, { kind }: Rules): boolean {
  const needed = builds.map((build) => neededBy(build, kind));
  return (
    builds.every(({ status, task }) => status !== "BUILDING" && task === "gone") &&
    Object.values(passes).every((pass) => pass.kind === "idle") &&
    [store.kind === "idle", jobs.length === 0, messages.length === 0].every(Boolean) &&
    Object.keys(things).every((thing) => needed.includes(thing))
  );
}
