import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  contains,
  GLOBAL,
  matches,
  ofEnvironment,
  ofNamespace,
  parsePattern,
  type Target,
} from "#core/access/pattern.ts";

const pattern = (text: string) => {
  const parsed = parsePattern(text);
  if (!parsed) throw new Error(`${text} is no pattern`);
  return parsed;
};
const target = (text: string): Target => {
  if (text === "") return GLOBAL;
  const [namespace = "", environment] = text.split("/");
  return environment === undefined ? ofNamespace(namespace) : ofEnvironment(namespace, environment);
};

describe("a pattern covers exactly the names it spells", () => {
  test.each([
    ["team/*", "team", true],
    ["team/*", "team/x", true],
    ["team/env1", "team/env1", true],
    ["team/env1", "team/env2", false],
    ["team-*/dev-*", "team-a/dev-1", true],
    ["team-*/dev-*", "team-a/prod", false],
    ["*/*", "", true],
    ["team/*", "", false],
    ["e*/d*", "example/data", true],
    ["e*/d*", "example/eta", false],
    ["*e*d*/*e", "deed/rate", true],
    ["te.m/*", "te.m", true],
    ["a+b/*", "a+b", true],
    ["a?/*", "a?", true],
    ["x$y/*", "x$y/e", true],
    ["a^b/*", "a^b", true],
    ["*/**", "team", true],
  ])("%s on %j: %s", (text, on, expected) => {
    expect(matches(pattern(text), target(on))).toBe(expected);
  });
});

describe("what the original lets through is refused", () => {
  test.each([
    ["te.m/*", "team", "a dot is a dot"],
    ["a+b/*", "aab", "a plus is a plus"],
    ["my_team/*", "myXteam", "an underscore is no wildcard"],
    ["team/env1", "team", "one environment is not its namespace"],
    ["team-*/dev-*", "team-a", "some environments are not their namespace"],
    ["*/foo", "", "one name everywhere is not everything"],
    ["*/*", "a b", "a name outside the grammar belongs to nobody"],
    ["*/*", "a/b/c", "a name outside the grammar belongs to nobody"],
    ["*/*", "team/", "an empty name belongs to nobody"],
  ])("%s on %j: %s", (text, on) => {
    const parts = on.split("/");
    const asked = parts.length > 2 ? ofEnvironment("a", "b/c") : target(on);
    expect(matches(pattern(text), asked)).toBe(false);
  });
});

test.each(["", "team", "team/", "/x", "a/b/c", "a b/*", "team/*\n", "te:am/*", "te%20m/*", "é/*"])(
  "%j is no pattern",
  (text) => {
    expect(parsePattern(text)).toBeNull();
  },
);

describe("one pattern contains another", () => {
  test.each([
    ["a/b", "a/*", true],
    ["a*/b", "a*/*", true],
    ["a*c/b", "a*/b", true],
    ["*/*", "a/*", false],
    ["abc/b", "a.c/b", false],
    ["a+/b", "a+/b", true],
    ["ab/cd", "a*b/c*d", true],
    ["a1111b/c22222d", "a*b/c*d", true],
    ["a1/cd", "a*b/c*d", false],
    ["abc/ed", "a*b*c/e*d", true],
    ["a111b2222c/e3333d", "a*b*c/e*d", true],
    ["aaabbbcccc1c/eeddd", "a*b*c/e*d", true],
    ["aaabbbcccc1/eeddd", "a*b*c/e*d", false],
    ["a*/x", "a/*", false],
  ])("%s within %s: %s", (inner, outer, expected) => {
    expect(contains(pattern(outer), pattern(inner))).toBe(expected);
  });
});

const half = fc.stringMatching(/^[a-c.*]{1,5}$/);
const name = fc.stringMatching(/^[a-c.]{1,6}$/);

test("whatever an inner pattern matches, a containing pattern matches too", () => {
  fc.assert(
    fc.property(half, half, half, half, name, name, (a, b, c, d, namespace, environment) => {
      const [outer, inner] = [pattern(`${a}/${b}`), pattern(`${c}/${d}`)];
      for (const asked of [ofEnvironment(namespace, environment), ofNamespace(namespace), GLOBAL]) {
        if (contains(outer, inner) && matches(inner, asked)) expect(matches(outer, asked)).toBe(true);
      }
    }),
  );
});

test("matching agrees with the regular expression the pattern means", () => {
  const escaped = (text: string) => text.replace(/[.+?^$]/g, "\\$&").replaceAll("*", "[a-c.]*");
  fc.assert(
    fc.property(half, name, (text, asked) => {
      expect(matches(pattern(`${text}/*`), ofNamespace(asked))).toBe(
        new RegExp(`^${escaped(text)}$`).test(asked),
      );
    }),
  );
});

test("a pattern made to be slow is decided in bounded steps", () => {
  const slow = pattern(`${"a*".repeat(200)}b/*`);
  expect(matches(slow, ofNamespace("a".repeat(255)))).toBe(false);
});
