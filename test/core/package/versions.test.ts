/** Versions and constraints are read as rattler reads them, which is the solver of one of the engines. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { parsePackageQueries, parsePackageQuery } from "#core/package/package-query.ts";
import { compareVersions } from "#core/package/version-order.ts";
import { rattlerPython } from "#test/engine/engines.ts";
import { runProgram } from "#test/kit/run-program.ts";

const ORACLE = `
import json, sys
from rattler import Version, VersionSpec
pairs, asked = json.loads(sys.argv[1]), json.loads(sys.argv[2])
sign = lambda a, b: 0 if a == b else (-1 if a < b else 1)
print(json.dumps([
    [sign(Version(a), Version(b)) for a, b in pairs],
    [VersionSpec(spec).matches(Version(version)) for spec, version in asked],
]))
`;

async function askRattler(
  pairs: readonly (readonly [string, string])[],
  asked: readonly (readonly [string, string])[],
): Promise<[number[], boolean[]]> {
  const { code, stdout, stderr } = await runProgram(await rattlerPython(), [
    "-c",
    ORACLE,
    JSON.stringify(pairs),
    JSON.stringify(asked),
  ]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as [number[], boolean[]];
}

const number = fc.constantFrom("0", "1", "2", "10", "3");
const component = fc.oneof(
  { weight: 5, arbitrary: number },
  fc.tuple(number, fc.constantFrom("a", "b", "rc", "dev", "post"), number).map((parts) => parts.join("")),
);
const versionOf = (minLength: number) =>
  fc
    .tuple(
      fc.constantFrom("", "", "", "1!"),
      fc.array(component, { minLength, maxLength: 4 }),
      fc.constantFrom("", "", "", "+1", "+2.0"),
    )
    .map(([epoch, parts, local]) => `${epoch}${parts.join(".")}${local}`);
const version = versionOf(1);
const plain = fc.array(number, { minLength: 2, maxLength: 3 }).map((parts) => parts.join("."));
const term = fc.oneof(
  fc.tuple(fc.constantFrom("<", "<=", ">", ">=", "==", "!=", "~=", "="), plain).map((pair) => pair.join("")),
  fc.tuple(fc.constantFrom("=", "!="), plain, fc.constant(".*")).map((parts) => parts.join("")),
);
const spec = fc
  .array(fc.array(term, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 })
  .map((choices) => choices.map((terms) => terms.join(",")).join("|"));

test("any two versions are ordered, and any constraint is met, as rattler says", async () => {
  const pairs = fc.sample(fc.tuple(version, version), { numRuns: 2000, seed: 7 });
  // What has fewer parts than the constraint and letters among them, rattler reads by rules of its own: 3post0 is in 3.0.
  const asked = fc.sample(fc.tuple(spec, fc.oneof(plain, versionOf(3))), { numRuns: 3000, seed: 8 });

  const [order, matches] = await askRattler(pairs, asked);

  const ours = pairs.map(([a, b]) => [a, b, Math.sign(compareVersions(a, b))]);
  expect(ours).toEqual(pairs.map(([a, b], i) => [a, b, order[i]]));
  const answers = asked.map(([text, at]) => [text, at, parsePackageQuery(`p${text}`).matches(at)]);
  expect(answers).toEqual(asked.map(([text, at], i) => [text, at, matches[i]]));
  expect(new Set(order)).toEqual(new Set([-1, 0, 1]));
  expect(matches.filter(Boolean).length).toBeGreaterThan(100);
}, 60_000);

test("a name alone is met by every version, and spaces around the constraint do not matter", () => {
  expect(parsePackageQuery("numpy").matches("anything at all")).toBe(true);
  const { name, matches } = parsePackageQuery(" openssl < 3.0.8 ");
  expect(name).toBe("openssl");
  expect([matches("3.0.7"), matches("3.0.8")]).toEqual([true, false]);
});

test.each([
  ["nothing", ""],
  ["a space", " "],
  ["no name", "<1"],
  ["10 kB", "x".repeat(10_000)],
  ["10 kB of another alphabet", "パ".repeat(3400)],
  ["two words", "numpy scipy"],
])("what no package is called is a question without an answer: %s", (_what, text) => {
  const { name, matches } = parsePackageQuery(text);
  expect([name, matches("1")]).toEqual(["", false]);
});

test.each(["(.*)+$", "%", "..", "пакет"])("the name is taken as it is: %s", (text) => {
  expect(parsePackageQuery(text).name).toBe(text);
});

test.each([
  "numpy<",
  "numpy<1,",
  "numpy<<1",
  "numpy>=1.0|",
  "numpy=1.*.2",
  "numpy>=(1|2)",
  `numpy<${"1.".repeat(130)}1`,
])("a constraint that is none is refused with what is wrong about it: %j", (text) => {
  expect(() => parsePackageQuery(text)).toThrow(/^packages: "numpy" with a constraint that /);
});

test("more questions than a request may have are refused; the same one twice is one", () => {
  expect(parsePackageQueries(Array.from({ length: 99 }, () => "numpy"))).toHaveLength(1);
  expect(() => parsePackageQueries(Array.from({ length: 51 }, (_, i) => `p${i}`))).toThrow(/50 are the most/);
});
