/**
 * Builds in the model: a task borrows what an earlier build made, or makes its own, in the order of build-task/run-build.ts; and
 * people, who post, cancel and delete at any moment.
 * @module
 */
import type { ModelStep, Rules } from "./rules.ts";
import {
  buildOf,
  hold,
  type TaskPlace,
  thingBy,
  type World,
  withBuild,
  withBytes,
  withJob,
} from "./world.ts";

export function* building(world: World, rules: Rules): Generator<ModelStep> {
  if (world.builds.length < rules.builds) {
    const build = { status: "BUILDING", isDeleted: false, owner: 0, holds: [], task: "begun" } as const;
    yield {
      label: `build ${world.builds.length + 1} begins`,
      own: false,
      next: { ...world, builds: [...world.builds, build] },
    };
  }
  for (const [i, { status, isDeleted, task }] of world.builds.entries()) {
    const id = i + 1;
    if (task !== "gone") {
      yield* working(world, rules, id, task);
      yield at(world, id, "gone", "is killed", false);
    }
    if (status === "BUILDING") {
      const failed = withJob(withBuild(world, id, { status: "FAILED" }), `settle ${id}, ended`);
      const isLost = task === "gone";
      yield { label: isLost ? `build ${id} fails` : `build ${id} is canceled`, own: isLost, next: failed };
    }
    if (status === "COMPLETED" && !isDeleted) {
      const deleted = withJob(withBuild(world, id, { isDeleted: true }), `settle ${id}, deleted`);
      yield { label: `build ${id} is deleted`, own: false, next: deleted };
    }
  }
}

const at = (world: World, id: number, task: TaskPlace, what: string, own = true): ModelStep => ({
  label: `task ${id} ${what}`,
  own,
  next: withBuild(world, id, { task }),
});

function* working(world: World, rules: Rules, id: number, task: TaskPlace): Generator<ModelStep> {
  const { kind, conditions } = rules;
  const build = buildOf(world, id);
  const lent = thingBy(kind, build.owner);
  const own = thingBy(kind, id);
  const isThere = world.bytes.includes(lent);
  switch (task) {
    case "begun": {
      const lender = world.lender === id ? 0 : world.lender;
      const next = withBuild(world, id, {
        owner: lender,
        task: lender === 0 ? "makes its own" : "knows a lender",
      });
      yield { label: `task ${id} asks who has the same lock: ${lender || "nobody"}`, own: true, next };
      return;
    }
    case "knows a lender":
      if (!rules.looksFirst) yield* borrow(world, rules, id, "holds what is lent");
      else if (isThere) yield at(world, id, "has looked", "sees that it is there");
      else yield at(world, id, "makes its own", "finds nothing to borrow");
      return;
    case "has looked":
      yield* borrow(world, rules, id, "has all");
      return;
    case "holds what is lent":
      yield isThere
        ? at(world, id, "has all", "finds that it is there")
        : at(world, id, "makes its own", "finds that it is gone");
      return;
    case "makes its own": {
      if (kind === "directory" && id > 1) {
        // Another directory, which is nobody else's business: it would go the way of the first one's.
        yield at(world, id, "gone", "would make its own");
        return;
      }
      const after = hold(withBuild(world, id, { owner: id }), conditions, id, own, false);
      if (after === "lost") yield at(world, id, "gone", "is told that it lost its build");
      // Refused: it waits and asks again.
      else if (after !== "refused") yield at(after, id, "holds its own", "holds its own");
      return;
    }
    case "holds its own": {
      const next = withBuild(withBytes(world, own), id, { task: "has made it" });
      yield { label: `task ${id} makes ${own}`, own: true, next };
      return;
    }
    case "has made it": {
      const next = withBuild({ ...world, lender: id }, id, { task: "has all" });
      yield { label: `task ${id} tells later builds of it`, own: true, next };
      return;
    }
    case "has all": {
      if (build.status !== "BUILDING") {
        yield at(world, id, "gone", "is told that it lost its build");
        return;
      }
      const completed = withBuild(world, id, { status: "COMPLETED", task: "gone" });
      yield { label: `build ${id} completes`, own: true, next: withJob(completed, `settle ${id}, ended`) };
      return;
    }
    case "gone":
      return;
  }
}

function* borrow(world: World, rules: Rules, id: number, then: TaskPlace): Generator<ModelStep> {
  const after = hold(world, rules.conditions, id, thingBy(rules.kind, buildOf(world, id).owner), true);
  if (after === "lost") yield at(world, id, "gone", "is told that it lost its build");
  else if (after === "refused") yield at(world, id, "makes its own", "is refused what it wants to borrow");
  else yield at(after, id, then, "holds what is lent");
}
