/**
 * What people do in the model: post, cancel, choose; delete, pin. Each has decided one thing at a time that is not sent yet.
 * @module
 */
import type { Build } from "#core/build/build.ts";
import { whyKept } from "#core/build/deletion.ts";
import { isFinal, stateOf, submitWrites } from "#core/build/state-machine.ts";
import { chooseBuild } from "#core/environment/choose-build.ts";
import { newBuild } from "#test/kit/builds.ts";
import {
  AT,
  type Bounds,
  intend,
  keyOf,
  type ModelStep,
  type Rules,
  TIDY,
  USER,
  withPending,
} from "./intend.ts";
import { apply, type Pending, type World } from "./world.ts";

export function* people(world: World, rules: Rules, bounds: Bounds): Generator<ModelStep> {
  if (world.builds.length < bounds.builds) {
    const build = newBuild(world.builds.length + 1);
    const next = apply({ ...world, builds: [...world.builds, build] }, submitWrites(build, 1));
    if (next) yield { label: `build ${build.id} is posted`, own: false, next };
  }
  for (const build of world.builds) {
    yield* intend(world, rules, bounds, USER, build, { name: "cancel", by: "api", at: AT }, { own: false });
    if (build.deletedOn !== null) continue;
    if (!(USER in world.pending)) {
      if (build.status === "COMPLETED") yield choose(world, build);
      if (bounds.deletion) yield* pin(world, build);
    }
    if (bounds.deletion && !(TIDY in world.pending) && whyKept(build, world.environment) === null) {
      const deletion = rules.deletionOf(build, world.environment);
      yield decided(world, TIDY, "delete", build, { writes: [deletion], choice: null });
    }
  }
}

function choose(world: World, build: Build): ModelStep {
  const { environment } = world;
  const newest = world.builds.findLast(({ deletedOn }) => deletedOn === null)?.id ?? 0;
  const chosen = chooseBuild(environment, build, build.id, newest);
  const expect = { id: environment.id, currentAfter: environment.currentAfter };
  const writes: Pending["writes"] = [
    { kind: "environment", namespace: "team", name: "demo", expect, ...chosen },
    { kind: "still there", build: build.id },
  ];
  return decided(world, USER, "show", build, { writes, choice: newest });
}

/** Or takes the pin away. What has ended badly is not pinned. */
function* pin(world: World, build: Build): Generator<ModelStep> {
  const pinned = build.pinnedOn === null;
  if (pinned && isFinal(stateOf(build)) && build.status !== "COMPLETED") return;
  const write = { kind: "pin", build: build.id, pinned } as const;
  yield decided(world, USER, pinned ? "pin" : "unpin", build, { writes: [write], choice: null });
}

function decided(
  world: World,
  by: string,
  what: string,
  { id }: Build,
  pending: Omit<Pending, "key">,
): ModelStep {
  const next = withPending(world, by, { ...pending, key: keyOf(what, pending.writes) });
  return { label: `${by} decides to ${what} build ${id}`, own: false, next };
}
