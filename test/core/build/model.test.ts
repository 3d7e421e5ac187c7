import { describe, expect, test } from "vitest";
import { LOOKS_UNTIL_DEAD } from "./model/actors.ts";
import { explore } from "./model/explore.ts";
import { modelOf, RULES } from "./model/model.ts";

const STATES_MAX = 1_000_000;

/** Seconds on an idle machine. */
const TIMEOUT_MS = 300_000;

describe("all orders of two people, two tasks, dispatch, finish, sweep and time", () => {
  test.each([
    { builds: 1, attempts: 2, slots: 1, pending: 1, deletion: false, mishaps: true },
    { builds: 2, attempts: 1, slots: 2, pending: 2, deletion: false, mishaps: false },
    { builds: 2, attempts: 1, slots: 2, pending: 1, deletion: true, mishaps: false },
  ])(
    "with %j reach no bad state, and every state has a way to an end",
    (bounds) => {
      const { bad, states, steps } = explore(modelOf(bounds), STATES_MAX);

      expect(bad).toBeNull();
      expect(states).toBeGreaterThan(1000);
      expect(steps).toBeGreaterThan(states);
    },
    TIMEOUT_MS,
  );
});

describe("the explorer finds a planted bug:", () => {
  const bounds = { builds: 2, attempts: 1, slots: 1, pending: 1, deletion: false, mishaps: true };

  test(
    "no fencing",
    () => {
      const { bad } = explore(modelOf(bounds, { ...RULES, mayWrite: () => true }), STATES_MAX);

      expect(bad?.fault).toMatch(/not its own any more/);
    },
    TIMEOUT_MS,
  );

  test(
    "a clock compared instead of beats",
    () => {
      const skew = LOOKS_UNTIL_DEAD;
      const looksDead = (_: unknown, { age }: { age: number }) => age + skew >= LOOKS_UNTIL_DEAD;
      const { bad } = explore(modelOf(bounds, { ...RULES, looksDead }), STATES_MAX);

      expect(bad?.fault).toMatch(/given up though it beats/);
    },
    TIMEOUT_MS,
  );

  test(
    "a link moved by an old build",
    () => {
      const decide: typeof RULES.decide = (build, move, environment) => {
        const decision = RULES.decide(build, move, environment && { ...environment, currentAfter: 0 });
        if (!decision.allowed || !environment) return decision;
        const { currentAfter } = environment;
        const writes = decision.writes.map((write) =>
          write.kind === "environment" ? { ...write, expect: { ...write.expect, currentAfter } } : write,
        );
        return { ...decision, writes };
      };
      const { bad } = explore(
        modelOf({ ...bounds, slots: 2, mishaps: false }, { ...RULES, decide }),
        STATES_MAX,
      );

      expect(bad?.fault).toMatch(/though nobody said so/);
    },
    TIMEOUT_MS,
  );

  test.each([
    ["shown", { current: null }, /is shown and was deleted/],
    ["pinned", { whilePinned: true }, /was deleted though it was pinned/],
  ])(
    "a deletion that no longer asks whether the build is %s",
    (_, forgotten, fault) => {
      const deletionOf: typeof RULES.deletionOf = (build, environment) =>
        ({ ...RULES.deletionOf(build, environment), ...forgotten }) as ReturnType<typeof RULES.deletionOf>;
      const rules = { ...RULES, deletionOf };
      const { bad } = explore(
        modelOf({ ...bounds, slots: 2, deletion: true, mishaps: false }, rules),
        STATES_MAX,
      );

      expect(bad?.fault).toMatch(fault);
    },
    TIMEOUT_MS,
  );
});
