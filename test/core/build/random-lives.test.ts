import fc from "fast-check";
import { expect, test } from "vitest";
import type { Build } from "#core/build/build.ts";
import { decide, isFinal, type MoveName, STATES, stateOf } from "#core/build/state-machine.ts";
import type { Write } from "#core/build/writes.ts";
import type { Environment } from "#core/environment/environment.ts";
import { buildAfter, move, newBuild, newEnvironment } from "#test/kit/builds.ts";

/** Holds what the writes say, with their conditions: all of a move's writes, or none. */
class World {
  readonly builds = new Map<number, Build>();
  readonly slots = new Map<number, { build: number; attempt: number }>();
  readonly shares = new Map<number, { build: number; attempt: number }>();
  readonly line = new Set<number>();
  /** The namespace's place on the ring: how many builds wait. */
  readonly ring = { waiting: 0 };
  readonly attempts = new Map<string, { owner: string | null; closed: boolean }>();
  /** Builds that sweep is to look at. */
  readonly due = new Set<number>();
  readonly counts = { builds: 0, active: 0, completed: 0, failed: 0, canceled: 0, sizeBytes: 0 };
  environment = newEnvironment();

  submit(): void {
    const id = this.builds.size + 1;
    this.builds.set(id, newBuild(id));
    this.line.add(id);
    this.ring.waiting++;
    this.counts.builds++;
    this.counts.active++;
  }

  /** @returns false, and changes nothing, when a condition does not hold */
  apply(writes: readonly Write[]): boolean {
    if (!writes.every((write) => this.holds(write))) return false;
    for (const write of writes) this.write(write);
    return true;
  }

  private holds(write: Write): boolean {
    switch (write.kind) {
      case "build": {
        const { status, dispatched, lastAttempt } = this.builds.get(write.id) ?? newBuild(0);
        const { expect: e } = write;
        return e.status === status && e.dispatched === dispatched && e.lastAttempt === lastAttempt;
      }
      case "slot": {
        const held = this.slots.get(write.slot);
        if (write.change === "take") return held === undefined;
        return held?.build === write.build && held.attempt === write.attempt;
      }
      case "share": {
        const held = this.shares.get(write.share);
        if (write.change === "take") return held === undefined;
        return held?.build === write.build && held.attempt === write.attempt;
      }
      case "turn":
        return write.change === "join" || this.ring.waiting > 0;
      case "line":
        return this.line.has(write.build) === (write.change === "leave");
      case "attempt": {
        const record = this.attempts.get(`${write.build}/${write.attempt}`);
        if (write.change === "open") return record === undefined;
        if (write.change === "close") return record !== undefined;
        return record?.owner === null && !record.closed;
      }
      case "environment":
        return write.expect.currentAfter === this.environment.currentAfter;
      case "counts":
      case "due":
        return true;
    }
  }

  private write(write: Write): void {
    switch (write.kind) {
      case "build":
        this.builds.set(write.id, { ...(this.builds.get(write.id) ?? newBuild(0)), ...write.set });
        break;
      case "slot":
        if (write.change === "free") this.slots.delete(write.slot);
        else this.slots.set(write.slot, { build: write.build, attempt: write.attempt });
        break;
      case "share":
        if (write.change === "free") this.shares.delete(write.share);
        else this.shares.set(write.share, { build: write.build, attempt: write.attempt });
        break;
      case "turn":
        this.ring.waiting += write.change === "join" ? 1 : -1;
        break;
      case "line":
        if (write.change === "enter") this.line.add(write.build);
        else this.line.delete(write.build);
        break;
      case "attempt": {
        const key = `${write.build}/${write.attempt}`;
        const record = this.attempts.get(key) ?? { owner: null, closed: false };
        if (write.change === "claim") record.owner = write.owner;
        if (write.change === "close") record.closed = true;
        this.attempts.set(key, record);
        break;
      }
      case "environment":
        this.environment = {
          ...this.environment,
          currentBuildId: write.currentBuildId,
          currentAfter: write.currentAfter,
        } as Environment;
        break;
      case "counts":
        for (const [kind, by] of Object.entries(write.add)) {
          this.counts[kind as keyof World["counts"]] += by;
        }
        break;
      case "due":
        this.due.add(write.job.kind === "build" ? write.job.build : 0);
        break;
    }
  }

  check(): void {
    const builds = [...this.builds.values()];
    const having = (...statuses: string[]) => builds.filter(({ status }) => statuses.includes(status));
    for (const build of builds) {
      const state = stateOf(build);
      expect(build.slot !== null).toBe(STATES[state].slot);
      expect(build.dispatched > 0).toBe(STATES[state].slot);
      expect(this.line.has(build.id)).toBe(state === "waiting");
      expect(build.endedOn !== null).toBe(isFinal(state));
      expect(this.due.has(build.id)).toBe(isFinal(state) && build.lastAttempt > 0);
      if (build.slot !== null) {
        const holder = { build: build.id, attempt: build.dispatched };
        expect(this.slots.get(build.slot)).toEqual(holder);
        expect(this.shares.get(build.share ?? 0)).toEqual(holder);
      }
      for (let n = 1; n <= build.lastAttempt; n++) {
        expect(this.attempts.get(`${build.id}/${n}`)?.closed).toBe(n !== build.dispatched);
      }
      expect(this.attempts.has(`${build.id}/${build.lastAttempt + 1}`)).toBe(false);
    }
    expect(this.slots.size).toBe(builds.filter(({ slot }) => slot !== null).length);
    expect(this.shares.size).toBe(this.slots.size);
    expect(this.ring.waiting).toBe(this.line.size);
    expect(this.counts).toEqual({
      builds: builds.length,
      active: having("QUEUED", "BUILDING").length,
      completed: having("COMPLETED").length,
      failed: having("FAILED").length,
      canceled: having("CANCELED").length,
      sizeBytes: 7 * having("COMPLETED").length,
    });
    const best = Math.max(0, ...having("COMPLETED").map(({ id }) => id));
    if (best > 0) expect(this.environment.currentBuildId).toBe(best);
  }
}

const step = fc.record({
  name: fc.constantFrom(
    "submit",
    "dispatch",
    "putBack",
    "retry",
    "claim",
    "complete",
    "fail",
    "cancel",
    "look",
  ),
  build: fc.integer({ min: 1, max: 4 }),
  slot: fc.integer({ min: 1, max: 2 }),
  /** Knows the attempt that counts, or one from the past. */
  behind: fc.integer({ min: 0, max: 2 }),
  /** Decides by the snapshot of the last "look" instead of by what is true now. */
  stale: fc.boolean(),
});

test("never reach a state that does not fit together, whoever acts on whatever old knowledge", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World();
      world.submit();
      let seen = new Map(world.builds);
      let seenEnvironment = world.environment;
      for (const { name, build: id, slot, behind, stale } of steps) {
        if (name === "submit") {
          if (world.builds.size < 4) world.submit();
        } else if (name === "look") {
          seen = new Map(world.builds);
          seenEnvironment = world.environment;
        } else {
          const build = (stale ? seen : world.builds).get(id);
          if (!build) continue;
          const wanted = move(name as Exclude<MoveName, "submit">, Math.max(0, build.dispatched - behind));
          const decision = decide(
            build,
            wanted.name === "dispatch" ? { ...wanted, slot, share: slot } : wanted,
            stale ? seenEnvironment : world.environment,
          );
          if (decision.allowed) {
            const free = wanted.name !== "dispatch" || !world.slots.has(slot);
            const applied = world.apply(decision.writes);
            // What is decided by what is true is never refused, but for a slot that another holds.
            if (!stale) expect(applied).toBe(free);
          }
        }
        world.check();
      }
    }),
    { numRuns: 500 },
  );
});

test("an ended build stays as it ended", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      for (const ended of [
        buildAfter("dispatch", "claim", "complete"),
        buildAfter("dispatch", "fail"),
        buildAfter("dispatch", "claim", "retry", "dispatch", "retry", "fail"),
        buildAfter("cancel"),
      ]) {
        for (const { name, behind } of steps) {
          if (name === "submit" || name === "look") continue;
          const wanted = move(name as Exclude<MoveName, "submit">, behind);
          expect(decide(ended, wanted, newEnvironment()).allowed).toBe(false);
        }
      }
    }),
  );
});
