import { describe, expect, test } from "vitest";
import type { Build } from "#core/build/build.ts";
import type { Move, Mover } from "#core/build/move.ts";
import { decide, isFinal, MOVES, type STATES, stateOf } from "#core/build/state-machine.ts";
import { NO_TRIES } from "#core/build/tries.ts";
import type { Write } from "#core/build/writes.ts";
import type { Environment } from "#core/environment/environment.ts";
import { buildAfter, move, newBuild, newEnvironment } from "#test/kit/builds.ts";

const MOVERS: readonly Mover[] = ["api", "dispatch", "task", "finish", "sweep"];

describe("each move", () => {
  const reached: Record<keyof typeof STATES, Build | null> = {
    waiting: newBuild(1),
    starting: buildAfter("dispatch"),
    building: buildAfter("dispatch", "claim"),
    completed: buildAfter("dispatch", "claim", "complete"),
    failed: buildAfter("dispatch", "claim", "fail"),
    canceled: buildAfter("dispatch", "claim", "cancel"),
  };

  for (const name of ["dispatch", "putBack", "retry", "claim", "complete", "fail", "cancel"] as const) {
    for (const [state, build] of Object.entries(reached)) {
      const listed = (MOVES[name].from as readonly string[]).includes(state);
      test(`${name} is ${listed ? "allowed" : "refused"} when the build is ${state}`, () => {
        if (!build) throw new Error("no such build");
        const decision = decide(build, move(name, build.dispatched), newEnvironment());

        expect(decision.allowed).toBe(listed);
        if (decision.allowed) expect(stateOf(decision.build)).toBe(MOVES[name].to);
      });
    }

    test(`${name} is refused to everyone but ${MOVES[name].by.join(", ")}`, () => {
      const from = reached[MOVES[name].from[0]];
      for (const by of MOVERS) {
        const decision = decide(from ?? newBuild(1), move(name, from?.dispatched ?? 0, by), newEnvironment());
        expect(decision.allowed).toBe((MOVES[name].by as readonly Mover[]).includes(by));
      }
    });
  }

  test("a mover that knows an older attempt is refused", () => {
    const second = buildAfter("dispatch", "putBack", "dispatch");

    for (const name of ["putBack", "retry", "claim", "fail"] as const) {
      expect(decide(second, move(name, 1), newEnvironment())).toMatchObject({ allowed: false });
    }
    expect(second.dispatched).toBe(2);
  });

  test("a build that has ended can be left by no move", () => {
    expect((["completed", "failed", "canceled"] as const).every(isFinal)).toBe(true);
    expect((["waiting", "starting", "building"] as const).some(isFinal)).toBe(false);
  });

  test("every state that holds no slot gives the slot back and closes the attempt when it is entered from one that does", () => {
    for (const [name, from] of [
      ["putBack", buildAfter("dispatch")],
      ["retry", buildAfter("dispatch")],
      ["retry", buildAfter("dispatch", "claim")],
      ["fail", buildAfter("dispatch")],
      ["fail", buildAfter("dispatch", "claim")],
      ["complete", buildAfter("dispatch", "claim")],
      ["cancel", buildAfter("dispatch")],
      ["cancel", buildAfter("dispatch", "claim")],
    ] as const) {
      const decision = decide(from, move(name, 1), newEnvironment());
      if (!decision.allowed) throw new Error(decision.why);
      expect(decision.writes).toContainEqual({ kind: "slot", change: "free", slot: 1, build: 1, attempt: 1 });
      expect(decision.writes).toContainEqual({ kind: "attempt", change: "close", build: 1, attempt: 1 });
    }
  });

  test("a retry keeps the place of the build in time, counts its cause alone and remembers what happened", () => {
    const posted = newBuild(1).waitingSince;
    const later = new Date(posted.getTime() + 1000);
    const retried = (build: Build): Build => {
      const decision = decide(build, { ...move("retry", 1), at: later } as Move, newEnvironment());
      if (!decision.allowed) throw new Error(decision.why);
      return decision.build;
    };

    const begun = retried(buildAfter("dispatch", "claim"));

    expect(begun).toMatchObject({
      status: "QUEUED",
      tries: { ...NO_TRIES, died: 1 },
      lastTrouble: "It died.",
    });
    expect(begun.waitingSince).toEqual(later);
    // One that never began has waited all the time.
    expect(retried(buildAfter("dispatch")).waitingSince).toEqual(posted);
  });

  test("no move writes more than a transaction of ours takes", () => {
    const decision = decide(buildAfter("dispatch", "claim"), move("complete", 1), newEnvironment());

    expect(decision.allowed && decision.writes.length).toBeLessThanOrEqual(20);
  });
});

describe("the current build", () => {
  const completeWith = (id: number, environment: Environment | null): Write[] => {
    const build = { ...buildAfter("dispatch", "claim"), id } as Build;
    const decision = decide(build, move("complete", 1), environment);
    if (!decision.allowed) throw new Error(decision.why);
    return decision.writes.filter(({ kind }) => kind === "environment");
  };

  test("an older build that ends late does not move the environment back", () => {
    expect(completeWith(4, { ...newEnvironment(), currentBuildId: 5, currentAfter: 5 })).toEqual([]);
  });

  test("an older build that completes replaces a newer one that never completed", () => {
    expect(completeWith(4, { ...newEnvironment(), currentBuildId: 5, currentAfter: 3 })).toMatchObject([
      { currentBuildId: 4, currentAfter: 4, expect: { currentAfter: 3 } },
    ]);
  });

  test("a build posted before somebody chose another does not undo the choice", () => {
    expect(completeWith(8, { ...newEnvironment(), currentBuildId: 2, currentAfter: 9 })).toEqual([]);
  });

  test("a build ends although its environment has gone, or is another of the same name", () => {
    expect(completeWith(4, null)).toEqual([]);
    expect(completeWith(4, { ...newEnvironment(), id: 2 })).toEqual([]);
  });

  test("the link points at the directory that the artifacts name", () => {
    expect(completeWith(4, newEnvironment())).toMatchObject([{ linkBuildKey: "dir" }]);
  });
});
