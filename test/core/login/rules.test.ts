import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePattern } from "#core/access/pattern.ts";
import { type Identity, toIdentity } from "#core/login/identity.ts";
import { applyRules, parseRule, type Rule } from "#core/login/rules.ts";

const rule = (text: string): Rule => {
  const parsed = parseRule(text);
  if (typeof parsed === "string") throw new Error(parsed);
  return parsed;
};
const alice = (more: { groups?: unknown; roles?: unknown } = {}): Identity =>
  toIdentity({ backend: "company", subject: "1", user: "alice", ...more });
const given = (lines: readonly string[], identity: Identity): string[] =>
  applyRules(lines.map(rule), identity).map(({ entity, role }) => `${entity}:${role}`);

describe("a rule", () => {
  test.each<[string, object, string[]]>([
    ["user * -> {user}/*:developer", {}, ["alice/*:developer"]],
    ["user al* -> team/*:viewer", {}, ["team/*:viewer"]],
    ["user bob -> team/*:viewer", {}, []],
    [
      "group data-* -> {group}/*:editor",
      { groups: ["data-a", "x", "data-b"] },
      ["data-a/*:developer", "data-b/*:developer"],
    ],
    ["group acme/admins -> */*:admin", { groups: ["acme/admins"] }, ["*/*:admin"]],
    ["group acme/admins -> */*:admin", { groups: ["acme/admins2", "acme"] }, []],
    [
      "group Data Scientists -> team-{user}/prod-*:viewer",
      { groups: ["Data Scientists"] },
      ["team-alice/prod-*:viewer"],
    ],
    [
      "role store_admin -> {groups}/*:admin",
      { groups: ["a", "b"], roles: ["store_admin"] },
      ["a/*:admin", "b/*:admin"],
    ],
    ["role store_admin -> {groups}/*:admin", { groups: ["a", "b"] }, []],
    ["role admin -> */*:admin", { groups: ["admin", "role admin"] }, []],
    ["company:user * -> c/*:viewer", {}, ["c/*:viewer"]],
    ["github:user * -> c/*:viewer", {}, []],
  ])("%s gives %j: %j", (line, memberships, expected) => {
    expect(given([line], alice(memberships))).toEqual(expected);
  });

  test.each([
    ["", /is no rule/],
    ["user *", /is no rule/],
    ["anybody * -> a/*:viewer", /is no rule/],
    ["user * -> a:viewer", /is no rule/],
    ["user * -> a/b/c:viewer", /is no rule/],
    ["user * -> /*:viewer", /is no rule/],
    ["user * -> a/*:", /is no rule/],
    ["user * -> a/*:owner", /role owner, which does not exist/],
    ["user * -> {group}/*:viewer", /\{group\}, which a rule about a user does not know/],
    ["group * -> {groups}/*:viewer", /\{groups\}, which a rule about a group does not know/],
    ["user * -> a(b)/*:viewer", /has no pattern/],
    ["user * -> a/{user}:viewer", /has no pattern/],
    ["user * -> {__proto__}/*:viewer", /does not know/],
  ])("%j is refused in words", (line, says) => {
    expect(parseRule(line)).toMatch(says);
  });

  test("whose group cannot be a namespace gives nothing where it would have to be one", () => {
    const groups = ["*", "a/b", "", "..", "x y", "é", "a?b"];
    expect(given(["group * -> {group}/*:admin"], alice({ groups }))).toEqual([]);
    expect(given(["user * -> {groups}/*:admin"], alice({ groups }))).toEqual([]);
  });

  test("no name, whatever the provider says, makes a wildcard or another pattern", () => {
    const name = fc.oneof(fc.string(), fc.constantFrom("*", "**", "a*", "$&", "{user}", "a/b", "__proto__"));
    fc.assert(
      fc.property(fc.array(name, { maxLength: 5 }), (groups) => {
        for (const entity of given(
          ["group * -> {group}/*:viewer", "user * -> x-{groups}/*:viewer"],
          alice({ groups }),
        )) {
          const pattern = parsePattern(entity.replace(/:viewer$/, ""));
          expect(pattern?.namespace).toMatch(/^[^*]+$/);
          expect(groups.flatMap((group) => [group, `x-${group}`])).toContain(pattern?.namespace);
        }
      }),
    );
  });

  test("is read in time that does not explode with its length", () => {
    const startedMs = performance.now();
    for (const line of [`user ${"a -> ".repeat(90)}`, `group ${" ".repeat(480)}x`, `${"a".repeat(490)}:user`])
      parseRule(line);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});
