/**
 * Decisions against a second, naive reading of the same rules.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { naiveMay } from "#bench/access/naive.ts";
import { parseBindings } from "#core/access/binding.ts";
import { authenticated, type Entity } from "#core/access/entity.ts";
import { explain } from "#core/access/explain.ts";
import { may, visible } from "#core/access/may.ts";
import { GLOBAL, ofEnvironment, ofNamespace, type Target } from "#core/access/pattern.ts";
import { PERMISSIONS } from "#core/access/permission.ts";
import { AppError } from "#core/errors.ts";
import { grantToken } from "#core/token/token-request.ts";

/** Few letters, so that patterns and names meet; some are special to regular expressions. */
const half = fc.string({ unit: fc.constantFrom("a", "b", ".", "+", "*", "*"), minLength: 1, maxLength: 4 });
/** One in ten is no name. */
const name = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.string({ unit: fc.constantFrom("a", "b", ".", "+"), minLength: 1, maxLength: 3 }),
  },
  { weight: 1, arbitrary: fc.constantFrom("", "é", "a b", "a/b", "*") },
);
/** A name with a slash would be read as two: to the naive reading it is told as no name. */
const isName = (text: string): boolean => text !== "" && !text.includes("/");
const worldOf = (maxKeys: number) =>
  fc.record({
    bindings: fc.dictionary(
      fc.tuple(half, half).map(([namespace, environment]) => `${namespace}/${environment}`),
      fc.subarray(["viewer", "editor", "developer", "admin", "owner"], { minLength: 1 }),
      { maxKeys, noNullPrototype: true },
    ),
    permission: fc.constantFrom(...PERMISSIONS),
    namespace: name,
    environment: name,
  });

const holder = (bindings: Record<string, string[]>): Entity =>
  authenticated({ primaryNamespace: "alice", own: parseBindings(bindings) ?? [], expiresAt: null });
const DEFAULTS = { "default/*": ["viewer"], "filesystem/*": ["viewer"] };

const world = worldOf(6);

test("in 100,000 random worlds decision, explanation and lists agree with the naive reading", () => {
  const answers = { yes: 0, no: 0 };
  fc.assert(
    fc.property(world, ({ bindings, permission, namespace, environment }) => {
      const entity = holder(bindings);
      const sight = visible(entity);
      const whole = [namespace, environment].every(isName) ? `${namespace}/${environment}` : " ";
      const all = { ...DEFAULTS, ...bindings };
      const targets: [Target, string][] = [
        [GLOBAL, ""],
        [ofNamespace(namespace), isName(namespace) ? namespace : " "],
        [ofEnvironment(namespace, environment), whole],
      ];
      for (const [target, text] of targets) {
        const wanted = naiveMay(all, permission, text);
        answers[wanted ? "yes" : "no"] += 1;
        const got = may(entity, permission, target);
        const because = explain(entity, permission, target).length > 0;
        if (got !== wanted || because !== wanted)
          expect([text, got, because]).toEqual([text, wanted, wanted]);
      }
      const shown = naiveMay(all, "environment::read", whole);
      if (sight.environment(namespace, environment) !== shown) expect(!shown).toBe(shown);
    }),
    { numRuns: 100_000 },
  );
  // Worlds in which everything is refused, or allowed, would prove nothing.
  expect(answers.yes).toBeGreaterThan(10_000);
  expect(answers.no).toBeGreaterThan(10_000);
}, 600_000);

test("a namespace shows in lists as soon as one environment in it may be read", () => {
  fc.assert(
    fc.property(world, ({ bindings, namespace }) => {
      const sight = visible(holder(bindings));
      const probes = Object.keys(bindings).map(
        (pattern) => pattern.split("/")[1]?.replaceAll("*", "a") ?? "",
      );
      const readable = ["a", ...probes]
        .filter((environment) => environment !== "")
        .some((environment) => sight.environment(namespace, environment));
      expect(sight.namespace(namespace)).toBe(readable);
      expect(sight.coverage(namespace) === "none").toBe(!readable);
    }),
    { numRuns: 5_000 },
  );
});

test("a token that is granted never may what its maker may not, in 30,000 random worlds", () => {
  const seen = { granted: 0, refused: 0, used: 0 };
  const now = new Date();
  fc.assert(
    fc.property(world, worldOf(1), fc.boolean(), (held, random, narrower) => {
      const maker = holder(held.bindings);
      // Random patterns are seldom the maker's; those made from the maker's are, and a bit too wide now and then.
      const asked = narrower ? narrowed(held.bindings) : random.bindings;
      const roleBindings = Object.fromEntries(
        Object.entries(asked).map(([pattern, roles]) => [pattern, roles.filter((role) => role !== "owner")]),
      );
      const granted = grantedTo(maker, roleBindings, now);
      seen[granted ? "granted" : "refused"] += 1;
      if (!granted) return;
      const made = holder(granted);
      for (const pattern of Object.keys(granted)) {
        const [namespace = "", environment = ""] = pattern.replaceAll("*", "a").split("/");
        for (const target of [GLOBAL, ofNamespace(namespace), ofEnvironment(namespace, environment)]) {
          for (const permission of PERMISSIONS.filter((each) => may(made, each, target))) {
            seen.used += 1;
            if (!may(maker, permission, target)) expect([held.bindings, roleBindings]).toBe("narrower");
          }
        }
      }
    }),
    { numRuns: 30_000 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(1000);
}, 600_000);

/** Some wildcards become names, some names become wildcards, and each second pattern is left out. */
const narrowed = (bindings: Record<string, string[]>): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(bindings)
      .filter((_, index) => index % 2 === 0)
      .map(([pattern, roles], index) => [
        index % 3 === 2 ? pattern.replace("a", "*") : pattern.replace("*", "ab"),
        roles,
      ]),
  );

function grantedTo(
  maker: Entity,
  roleBindings: Record<string, string[]>,
  now: Date,
): Record<string, string[]> | null {
  try {
    const granted = grantToken(maker, { primaryNamespace: null, expiration: null, roleBindings }, now);
    return granted.roleBindings as Record<string, string[]>;
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}
