/**
 * What must hold in every state and in every step of the model.
 * @module
 */
import type { Build } from "#core/build/build.ts";
import { decide, isFinal, STATES, stateOf } from "#core/build/state-machine.ts";
import { suspicion } from "#core/build/watch.ts";
import { stepsOf } from "./actors.ts";
import type { Model } from "./explore.ts";
import type { Bounds, ModelStep, Rules } from "./intend.ts";
import { attemptName, newWorld, type World } from "./world.ts";

/** No limit of an attempt is reached: a task that beats is never too slow here. */
const UNLIMITED_MINUTES = 1_000_000;

/** The rules of the product. */
export const RULES: Rules = {
  decide,
  mayWrite: ({ owner, closed }, me) => owner === me && !closed,
  looksDead: (watch) => suspicion(watch, 0, UNLIMITED_MINUTES) !== null,
  deletionOf: ({ id: build, status }, { currentBuildId: current }) => ({
    ...{ kind: "deletion", build, status, current },
    whilePinned: false,
  }),
};

export const modelOf = (bounds: Bounds, rules: Rules = RULES): Model<World, ModelStep> => ({
  initial: newWorld(),
  steps: (world) => stepsOf(world, rules, bounds),
  keyOf,
  faultOf: (before, step) => faultOfStep(before, step) ?? faultOfState(step.next),
  isEnd: ({ builds }) => builds.every(ended),
});

/** What follows from the builds by the invariants is left out; so are records that nobody can change any more. */
function keyOf({ builds, attempts, environment, tasks, pending, watches, chosenAt }: World): string {
  const open = Object.entries(attempts).filter(([, { closed }]) => !closed);
  return JSON.stringify([
    builds.map(({ status, dispatched, lastAttempt, slot, tries, deletedOn, pinnedOn }) => [
      ...[status, dispatched, lastAttempt, slot, deletedOn !== null, pinnedOn !== null],
      isFinal(stateOf({ status, dispatched })) ? 0 : tries.died,
    ]),
    open.map(([name, { owner, result, age }]) => [name, owner, result, age]),
    open.map(([name, { beat }]) => {
      const watch = Object.values(watches).find((each) => attemptName(each.build, each.attempt) === name);
      return watch && [watch.beat === beat, watch.beatSinceMs, watch.claimedSinceMs];
    }),
    [environment.currentBuildId, environment.currentAfter, chosenAt],
    Object.entries(tasks)
      .filter(([, { build, phase }]) => phase !== "gone" || !ended(builds[build - 1]))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { attempt, phase, frozen }]) => [name, phase === "gone" ? 0 : attempt, phase, frozen]),
    Object.entries(pending)
      .map(([by, { key, choice }]) => [by, key, choice])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  ]);
}

const ended = (build: Build | undefined): boolean => build !== undefined && isFinal(stateOf(build));

function faultOfStep(before: World, { next, wrote, gaveUp }: ModelStep): string | null {
  if (wrote) {
    const build = next.builds[wrote.build - 1];
    const record = before.attempts[attemptName(wrote.build, wrote.attempt)];
    if (record?.closed !== false || record.owner !== wrote.owner || build?.dispatched !== wrote.attempt) {
      return `task ${wrote.owner} wrote to attempt ${wrote.attempt}, which is not its own any more`;
    }
  }
  if (gaveUp !== undefined) {
    const { build = 0, attempt = 0, phase, frozen } = before.tasks[gaveUp] ?? {};
    const age = before.attempts[attemptName(build, attempt)]?.age ?? 0;
    if (phase === "working" && !frozen && age === 0) return `task ${gaveUp} was given up though it beats`;
  }
  for (const build of before.builds) {
    if (!ended(build)) continue;
    if (summary(build) !== summary(next.builds[build.id - 1]))
      return `build ${build.id} did not stay as it ended`;
  }
  const was = before.environment.currentBuildId;
  const is = next.environment.currentBuildId;
  const byUser = before.pending["user"]?.choice != null && !("user" in next.pending);
  const completed = before.builds[was - 1]?.status === "COMPLETED";
  if (is !== was && !byUser && (is <= next.chosenAt || (completed && is < was))) {
    return `the environment went from build ${was} to ${is} though nobody said so`;
  }
  return null;
}

/** But for its size, which deletion takes away. */
const summary = (build: Build | undefined): string =>
  JSON.stringify([build?.status, build?.dispatched, build?.slot, build?.lastAttempt]);

function faultOfState({ builds, slots, shares, line, waiting, ...world }: World): string | null {
  const { attempts, counts, environment } = world;
  const there = builds.filter(({ deletedOn }) => deletedOn === null);
  const having = (...statuses: string[]) => there.filter(({ status }) => statuses.includes(status)).length;
  for (const { id, status, dispatched, slot, lastAttempt, endedOn, deletedOn, pinnedOn } of builds) {
    const state = stateOf({ status, dispatched });
    const held = slot === null ? null : slots[slot];
    if ((slot !== null) !== STATES[state].slot) return `build ${id} is ${state} with slot ${slot}`;
    if (held && (held.build !== id || held.attempt !== dispatched))
      return `slot ${slot} is not build ${id}'s`;
    if (deletedOn !== null && pinnedOn !== null) return `build ${id} was deleted though it was pinned`;
    if (deletedOn !== null && environment.currentBuildId === id && environment.link.version > 0)
      return `build ${id} is shown and was deleted`;
    if (line.includes(id) !== (state === "waiting")) return `the line is wrong about build ${id}`;
    if ((endedOn !== null) !== isFinal(state)) return `build ${id} is ${state} and ended on ${endedOn}`;
    for (let n = 1; n <= lastAttempt; n += 1) {
      const open = attempts[attemptName(id, n)]?.closed === false;
      if (open !== (n === dispatched)) return `attempt ${n} of build ${id} is ${open ? "open" : "closed"}`;
    }
  }
  if (Object.keys(slots).length !== builds.filter(({ slot }) => slot !== null).length) {
    return "a slot is held for nobody";
  }
  if (JSON.stringify(shares) !== JSON.stringify(slots)) return "the namespace's shares are not its slots";
  if (waiting !== line.length) return `the ring counts ${waiting} of ${line.length} that wait`;
  const recount = {
    builds: there.length,
    active: having("QUEUED", "BUILDING"),
    completed: having("COMPLETED"),
    failed: having("FAILED"),
    canceled: having("CANCELED"),
    sizeBytes: 7 * having("COMPLETED"),
  };
  if (JSON.stringify(recount) !== JSON.stringify(counts)) return "the counts are not the recount";
  const { currentBuildId, link } = environment;
  if (link.version > 0 && link.buildKey !== `key-${currentBuildId}`)
    return "the link is not the current build's";
  return null;
}
