/**
 * Sweep and store in the model: what each of their calls does, in the order of functions/sweep and functions/store, any of them
 * at any moment, and death between any two.
 * @module
 */
import { needs, parseThing } from "#core/build/thing.ts";
import type { ModelStep, Rules } from "./rules.ts";
import {
  artifactsOf,
  buildOf,
  condemn,
  DEAD,
  forget,
  giveBack,
  IDLE,
  type Pass,
  thingBy,
  type World,
  withoutBytes,
  withoutJob,
} from "./world.ts";

const isDirectory = (thing: string): boolean => parseThing(thing)?.kind === "directory";

export function* sweeping(world: World, rules: Rules): Generator<ModelStep> {
  for (const [name, pass] of Object.entries(world.passes)) {
    if (pass.kind === "idle") {
      for (const job of world.jobs) yield* begin(world, rules, name, job);
    } else {
      yield goOn(world, rules, name, pass);
      yield { label: `${name} dies`, own: false, next: dead(world, name) };
    }
  }
}

const withPass = (world: World, name: string, pass: Pass): World => ({
  ...world,
  passes: { ...world.passes, [name]: pass },
});

/** The next pass has another name, by which nothing is condemned. */
function dead(world: World, name: string): World {
  const things = Object.fromEntries(
    Object.entries(world.things).map(([thing, counted]) => [
      thing,
      counted.condemnedBy === name ? { ...counted, condemnedBy: DEAD } : counted,
    ]),
  );
  return withPass({ ...world, things }, name, IDLE);
}

function* begin(world: World, rules: Rules, name: string, job: string): Generator<ModelStep> {
  const settled = /^settle (\d+),/.exec(job)?.[1];
  if (settled !== undefined) {
    const id = Number(settled);
    const build = buildOf(world, id);
    if (rules.waitsForTask && build.task !== "gone") return;
    const named = { artifacts: artifactsOf(build, rules.kind), lockDigest: null };
    const gives = build.holds.filter((thing) => !needs(named, thing));
    const next = withPass(world, name, { kind: "settles", build: id, job, gives });
    yield { label: `${name} reads what build ${id} holds`, own: true, next };
    return;
  }
  const seen = world.things[job];
  if (seen === undefined || seen.holders > 0) {
    yield { label: `${name} finds nothing to do with ${job}`, own: true, next: withoutJob(world, job) };
    return;
  }
  const isTaken = seen.condemnedBy !== null && seen.condemnedBy !== DEAD;
  if (isTaken && rules.waitsForPass && !isDirectory(job)) return;
  const next = withPass(world, name, { kind: "has read", thing: job, seen });
  yield { label: `${name} reads that nobody holds ${job}`, own: true, next };
}

function goOn(world: World, rules: Rules, name: string, pass: Exclude<Pass, { kind: "idle" }>): ModelStep {
  switch (pass.kind) {
    case "settles": {
      const [thing, ...gives] = pass.gives;
      if (thing === undefined) {
        const next = withPass(withoutJob(world, pass.job), name, IDLE);
        return { label: `${name} is done with build ${pass.build}`, own: true, next };
      }
      const given = giveBack(world, rules.conditions, pass.build, thing);
      const next = withPass(given, name, { ...pass, gives });
      return { label: `${name} gives ${thing} back for build ${pass.build}`, own: true, next };
    }
    case "has read": {
      const { thing, seen } = pass;
      const after = condemn(world, rules.conditions, thing, seen, name);
      const next = withPass(after ?? world, name, after ? { kind: "has condemned", thing } : IDLE);
      return { label: `${name} ${after ? "condemns" : "is too late to condemn"} ${thing}`, own: true, next };
    }
    case "has condemned": {
      const { thing } = pass;
      // A layer's note stays, and names what may be gone.
      const isNamed = rules.kind !== "layer" && thingBy(rules.kind, world.lender) === thing;
      const next = withPass(isNamed ? { ...world, lender: 0 } : world, name, { kind: "removes", thing });
      return { label: `${name} has ${thing} lent no more`, own: true, next };
    }
    case "removes": {
      const { thing } = pass;
      if (isDirectory(thing)) {
        const next = { ...world, messages: [...new Set([...world.messages, thing])].sort() };
        return {
          label: `${name} asks store to remove ${thing}`,
          own: true,
          next: withPass(next, name, IDLE),
        };
      }
      const removed = withPass(withoutBytes(world, thing), name, { kind: "has removed", thing });
      return { label: `${name} removes ${thing}`, own: true, next: removed };
    }
    case "has removed": {
      const { thing } = pass;
      const next = withPass(withoutJob(forget(world, thing, name), thing), name, IDLE);
      return { label: `${name} forgets ${thing}`, own: true, next };
    }
  }
}

export function* storing(world: World, rules: Rules): Generator<ModelStep> {
  const { store, messages } = world;
  const isCalm = rules.oldMessages && messages.length === 0;
  for (const directory of isCalm ? world.bytes.filter(isDirectory) : []) {
    const next = { ...world, messages: [directory] };
    yield { label: `an old message about ${directory} comes again`, own: false, next };
  }
  if (store.kind === "idle") {
    for (const directory of messages) {
      const by = world.things[directory]?.condemnedBy ?? null;
      const handled = { ...world, messages: messages.filter((each) => each !== directory) };
      if (by === null && !rules.believesMessages) {
        yield { label: `store lets ${directory} stay`, own: true, next: handled };
      } else {
        const next = { ...world, store: { kind: "has read", directory, by: by ?? DEAD } } as const;
        yield { label: `store reads that ${directory} is condemned`, own: true, next };
      }
    }
    return;
  }
  const { directory, by } = store;
  yield { label: "store dies", own: false, next: { ...world, store: IDLE } };
  if (store.kind === "has read") {
    const removed = withoutBytes(world, directory);
    const next = { ...removed, store: { kind: "has removed", directory, by } } as const;
    yield { label: `store removes ${directory}`, own: true, next };
  } else {
    const handled = messages.filter((each) => each !== directory);
    const next = { ...forget(world, directory, by), messages: handled, store: IDLE };
    yield { label: `store forgets ${directory}`, own: true, next };
  }
}
