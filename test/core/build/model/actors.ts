import { isFinal, stateOf } from "#core/build/state-machine.ts";
import { afterTrouble } from "#core/build/tries.ts";
import { look } from "#core/build/watch.ts";
import { POLICY } from "#test/kit/builds.ts";
import { AT, type Bounds, intend, type ModelStep, PERSONS, type Rules } from "./intend.ts";
import { people } from "./persons.ts";
import { apply, attemptName, buildOf, type ModelTask, type World, withAttempt } from "./world.ts";

/** Beats are looked at in steps of a third of the time after which an owner is dead. */
const LOOK_SECONDS = 25;
export const LOOKS_UNTIL_DEAD = 3;

/** Everything that may happen next. */
export function* stepsOf(world: World, rules: Rules, bounds: Bounds): Generator<ModelStep> {
  yield* people(world, rules, bounds);
  yield* transactions(world, bounds);
  yield* dispatching(world, rules, bounds);
  for (const name of Object.keys(world.tasks)) yield* task(world, rules, bounds, name);
  // Where nothing dies or stands still, no beat is ever missed, and time tells nothing.
  if (bounds.mishaps) yield time(world, rules);
  if (bounds.mishaps) yield* watching(world, rules, bounds);
  yield* sweeping(world, rules, bounds);
  yield* finishing(world, rules, bounds);
}

function* transactions(world: World, { mishaps }: Bounds): Generator<ModelStep> {
  for (const [by, { writes, choice }] of Object.entries(world.pending)) {
    const { [by]: _, ...pending } = world.pending;
    const without = { ...world, pending };
    const done = apply(without, writes);
    const won = done && by in world.tasks ? withTask(done, by, { phase: "working" }) : done;
    const next = won && choice !== null ? { ...won, chosenAt: choice } : won;
    yield {
      label: `${by}'s transaction ${next ? "succeeds" : "is refused"}`,
      own: !PERSONS.includes(by),
      next: next ?? without,
    };
    if (mishaps) yield { label: `${by} dies before its transaction`, own: false, next: without };
  }
}

function* dispatching(world: World, rules: Rules, bounds: Bounds): Generator<ModelStep> {
  for (const build of world.builds) {
    const { id, dispatched, lastAttempt } = build;
    for (let slot = 1; slot <= bounds.slots && lastAttempt < bounds.attempts; slot += 1) {
      if (slot in world.slots) continue;
      const move = { name: "dispatch", by: "dispatch", at: AT, slot, share: slot, turn: 1 } as const;
      yield* intend(world, rules, bounds, "dispatch", build, move, { own: true });
    }
    for (let attempt = 1; attempt <= lastAttempt; attempt += 1) {
      const name = attemptName(id, attempt);
      if (!(name in world.tasks) && !isFinal(stateOf(build))) {
        // By a dispatcher of any time; ECS's token makes it one task for each attempt.
        const task: ModelTask = {
          build: id,
          startedFor: attempt,
          attempt: 0,
          phase: "started",
          frozen: false,
        };
        const next = { ...world, tasks: { ...world.tasks, [name]: task } };
        yield { label: `ECS starts task ${name}`, own: attempt === dispatched, next };
      }
      if (!bounds.mishaps) continue;
      // ECS had no place, or its answer was lost though the task was started.
      const because = { because: "No.", nextTryOn: AT };
      const move = { name: "putBack", by: "dispatch", at: AT, attempt, ...because } as const;
      yield* intend(world, rules, bounds, "dispatch", build, move, { own: false });
    }
  }
}

function withTask(world: World, name: string, set: Partial<ModelTask>): World {
  const task = world.tasks[name];
  return task ? { ...world, tasks: { ...world.tasks, [name]: { ...task, ...set } } } : world;
}

function* task(world: World, rules: Rules, bounds: Bounds, name: string): Generator<ModelStep> {
  const task = world.tasks[name];
  if (!task || task.phase === "gone") return;
  const { build: id, attempt, phase, frozen } = task;
  const build = buildOf(world, id);
  const { [name]: _, ...pending } = world.pending;
  const gone = withTask({ ...world, pending }, name, { phase: "gone", frozen: false });
  if (bounds.mishaps) {
    yield { label: `task ${name} is killed`, own: false, next: gone };
    const turned = withTask(world, name, { frozen: !frozen });
    yield { label: `task ${name} ${frozen ? "goes on" : "stands still"}`, own: false, next: turned };
  }
  if (frozen || name in world.pending) return;
  if (phase === "started") {
    const open = build.status === "QUEUED" && build.dispatched > 0;
    const next = open ? withTask(world, name, { phase: "looked", attempt: build.dispatched }) : gone;
    yield { label: `task ${name} looks what to claim`, own: true, next };
  } else if (phase === "looked") {
    const move = { name: "claim", by: "task", at: AT, attempt, owner: name } as const;
    if (!rules.decide(build, move, null).allowed)
      yield { label: `task ${name} gives up`, own: true, next: gone };
    yield* intend(world, rules, bounds, name, build, move, { own: true });
  } else {
    yield* working(world, rules, name, task, gone);
  }
}

/** Each write names the attempt and its owner; one that is refused ends the task. */
function* working(
  world: World,
  { mayWrite }: Rules,
  name: string,
  { build, attempt }: ModelTask,
  gone: World,
): Generator<ModelStep> {
  const record = world.attempts[attemptName(build, attempt)];
  if (!record || !mayWrite(record, name)) {
    yield { label: `task ${name} is refused`, own: true, next: gone };
    return;
  }
  const wrote = { build, attempt, owner: name };
  yield { label: `task ${name} writes`, own: true, next: world, wrote };
  for (const result of ["completed", "failed", "undecided"] as const) {
    const next = withAttempt(gone, build, attempt, { result });
    yield { label: `task ${name} reports ${result}`, own: true, next, wrote };
  }
}

/** Every clock goes on; whoever can beat has beaten. Sweep's own clock is always at 0, what it remembers moves away. */
function time(world: World, { mayWrite }: Rules): ModelStep {
  let next = world;
  for (const [name, { closed, age }] of Object.entries(world.attempts)) {
    const [build = 0, attempt = 0] = name.split("/").map(Number);
    if (!closed) next = withAttempt(next, build, attempt, { age: Math.min(age + 1, LOOKS_UNTIL_DEAD) });
  }
  for (const [name, { build, attempt, phase, frozen }] of Object.entries(world.tasks)) {
    if (phase !== "working" || frozen) continue;
    const record = next.attempts[attemptName(build, attempt)];
    if (!record || !mayWrite(record, name)) next = withTask(next, name, { phase: "gone" });
    else next = withAttempt(next, build, attempt, { beat: record.beat + 1, age: 0 });
  }
  const watches = Object.fromEntries(
    Object.entries(world.watches).map(([slot, watch]) => {
      const sinceMs = Math.max(
        watch.beatSinceMs - LOOK_SECONDS * 1000,
        -LOOKS_UNTIL_DEAD * LOOK_SECONDS * 1000,
      );
      return [slot, { ...watch, beatSinceMs: sinceMs }];
    }),
  );
  return { label: `${LOOK_SECONDS} seconds pass`, own: true, next: { ...next, watches } };
}

function* watching(world: World, rules: Rules, bounds: Bounds): Generator<ModelStep> {
  for (const [key, { build: id, attempt }] of Object.entries(world.slots)) {
    const record = world.attempts[attemptName(id, attempt)];
    if (!record || record.result) continue;
    const slot = Number(key);
    const seen = { ...record, build: id, attempt, step: null, result: null };
    const before = world.watches[slot] ?? null;
    const watch = {
      ...look(before, { slot, attempt: seen, isMissing: false, nowMs: 0 }),
      claimedSinceMs: record.owner === null ? null : 0,
    };
    const looked = { ...world, watches: { ...world.watches, [slot]: watch } };
    if (record.owner !== null && rules.looksDead(watch, record)) {
      yield* giveUp(looked, rules, bounds, "sweep", id, attempt, { own: true, gaveUp: record.owner });
    } else yield { label: `sweep looks at slot ${slot}`, own: true, next: looked };
    const worker = world.tasks[record.owner ?? attemptName(id, attempt)];
    // If ECS says so; that it does is not relied on.
    if (worker?.phase === "gone") yield* giveUp(looked, rules, bounds, "sweep", id, attempt, { own: false });
  }
}

/** The limit of the queue may be reached at any time. */
function* sweeping(world: World, rules: Rules, bounds: Bounds): Generator<ModelStep> {
  for (const { id, status, dispatched } of world.builds) {
    if (status === "QUEUED") yield* fail(world, rules, bounds, "sweep", id, dispatched, { own: true });
  }
}

function* finishing(world: World, rules: Rules, bounds: Bounds): Generator<ModelStep> {
  for (const build of world.builds) {
    const { id, dispatched: attempt } = build;
    const record = world.attempts[attemptName(id, attempt)];
    if (!record) continue;
    if (record.result === "completed") {
      const result = {
        outcome: "completed" as const,
        sizeBytes: 7,
        lockDigest: "c".repeat(64),
        artifacts: [{ type: "DIRECTORY" as const, key: `/store/team/key-${id}`, sizeBytes: 0 }],
        packages: 1,
      };
      const move = { name: "complete", by: "finish", at: AT, attempt, result } as const;
      yield* intend(world, rules, bounds, "finish", build, move, { own: true });
    } else if (record.result === "failed") {
      yield* fail(world, rules, bounds, "finish", id, attempt, { own: true });
    } else if (record.result === "undecided") {
      yield* giveUp(world, rules, bounds, "finish", id, attempt, { own: true });
    } else {
      // The event of a task that stopped, as often and as late as it likes.
      for (const [name, { build: of, startedFor, phase }] of Object.entries(world.tasks)) {
        if (of !== id || phase !== "gone") continue;
        const counts = record.owner === null ? startedFor === attempt : record.owner === name;
        if (counts) yield* giveUp(world, rules, bounds, "finish", id, attempt, { own: false });
      }
    }
  }
}

/** Another attempt, while there may be one. */
function giveUp(
  world: World,
  rules: Rules,
  bounds: Bounds,
  by: "finish" | "sweep",
  id: number,
  attempt: number,
  facts: Omit<ModelStep, "label" | "next">,
): Generator<ModelStep> {
  const build = buildOf(world, id);
  const trouble = { cause: "died", what: "It died." } as const;
  const policy = { ...POLICY, maxTries: { ...POLICY.maxTries, died: bounds.attempts } };
  const verdict = afterTrouble(build, trouble, policy, AT, 0);
  if (!verdict.again) return fail(world, rules, bounds, by, id, attempt, facts);
  const move = { name: "retry", by, at: AT, attempt, ...trouble, ...verdict } as const;
  return intend(world, rules, bounds, by, build, move, facts);
}

function fail(
  world: World,
  rules: Rules,
  bounds: Bounds,
  by: "finish" | "sweep",
  id: number,
  attempt: number,
  facts: Omit<ModelStep, "label" | "next">,
): Generator<ModelStep> {
  const move = { name: "fail", by, at: AT, attempt, reason: "No.", artifacts: [] } as const;
  return intend(world, rules, bounds, by, buildOf(world, id), move, facts);
}
