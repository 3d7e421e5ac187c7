import { describe, expect, test } from "vitest";
import { groupNamesOf, readPath, toIdentity } from "#core/login/identity.ts";

describe("a claim", () => {
  const claims = {
    sub: "1",
    resource_access: { conda_store: { roles: ["admin"] } },
    "https://example.org/groups": ["a"],
    "a.b": 1,
    a: { b: 2 },
  };
  test.each<[string, unknown]>([
    ["sub", "1"],
    ["resource_access.conda_store.roles", ["admin"]],
    ["https://example.org/groups", ["a"]],
    ["a.b", 1],
    ["resource_access.other.roles", undefined],
    ["sub.length", undefined],
    ["constructor", undefined],
    ["a.constructor.name", undefined],
    ["__proto__.x", undefined],
    ["", undefined],
  ])("%s is found where the provider put it", (path, expected) => {
    expect(readPath(claims, path)).toEqual(expected);
  });
});

test.each<[unknown, string[]]>([
  [
    ["a", "b", "a"],
    ["a", "b"],
  ],
  ["one", ["one"]],
  [[{ name: "x" }, { other: 1 }, null, 5, ["y"]], ["x"]],
  [{ a: 1 }, []],
  [null, []],
  [["\u0000", "a\nb", "", "x".repeat(600)], []],
])("memberships %j are %j", (groups, expected) => {
  expect(toIdentity({ backend: "b", subject: "1", user: "alice", groups }).groups).toEqual(expected);
});

test("names of groups lose the slash that Keycloak begins them with, or all but their last part", () => {
  const groups = ["/division/team", "/admins", "plain", "/", "//x//"];
  expect(groupNamesOf(groups, "whole")).toEqual(["division/team", "admins", "plain", "x"]);
  expect(groupNamesOf(groups, "last")).toEqual(["team", "admins", "plain", "x"]);
});
