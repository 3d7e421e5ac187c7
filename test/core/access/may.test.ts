import { describe, expect, test } from "vitest";
import {
  type BindingMap,
  parseBindings,
  permissionsByPattern,
  rolesByPattern,
  uniteBindings,
} from "#core/access/binding.ts";
import { anonymous, authenticated } from "#core/access/entity.ts";
import { isSubset, may, visible } from "#core/access/may.ts";
import { GLOBAL, ofEnvironment, ofNamespace } from "#core/access/pattern.ts";
import { PERMISSIONS, permissionsOfRole, ROLES } from "#core/access/permission.ts";

const bindings = (map: BindingMap) => {
  const parsed = parseBindings(map);
  if (!parsed) throw new Error("not bindings");
  return parsed;
};
const holder = (map: BindingMap) =>
  authenticated({ primaryNamespace: "alice", own: bindings(map), expiresAt: new Date() });

test("there are seventeen permissions, and environment:create alone has one colon", () => {
  expect(PERMISSIONS).toHaveLength(17);
  expect(new Set(PERMISSIONS).size).toBe(17);
  expect(PERMISSIONS.filter((permission) => !permission.includes("::"))).toEqual(["environment:create"]);
});

test("each role holds all of the one below it", () => {
  const [viewer, developer, admin] = ROLES.map((role) => permissionsOfRole(role));
  expect(viewer?.size).toBe(3);
  expect(developer?.size).toBe(8);
  expect(admin?.size).toBe(17);
  expect([...(viewer ?? [])].every((permission) => developer?.has(permission))).toBe(true);
});

describe("the role table is conda-store's", () => {
  test.each([
    ["developer", "environment:create", true],
    ["developer", "environment::update", true],
    ["developer", "environment::solve", true],
    ["developer", "build::cancel", true],
    ["developer", "setting::read", true],
    ["developer", "environment::delete", false],
    ["developer", "build::delete", false],
    ["developer", "namespace::create", false],
    ["developer", "setting::update", false],
    ["viewer", "environment::read", true],
    ["viewer", "namespace::read", true],
    ["viewer", "namespace-role-mapping::read", true],
    ["viewer", "environment:create", false],
    ["viewer", "setting::read", false],
  ] as const)("%s, %s: %s", (role, permission, expected) => {
    expect(may(holder({ "team/*": [role] }), permission, ofNamespace("team"))).toBe(expected);
  });
});

describe("nothing is allowed that no binding gives", () => {
  test("the anonymous entity reads the default namespace and nothing else", () => {
    const nobody = anonymous("default");
    expect(may(nobody, "environment::read", ofEnvironment("default", "x"))).toBe(true);
    expect(may(nobody, "environment:create", ofEnvironment("default", "x"))).toBe(false);
    expect(may(nobody, "environment::read", ofEnvironment("filesystem", "x"))).toBe(false);
    expect(may(nobody, "setting::read", GLOBAL)).toBe(false);
  });

  test("a token without bindings has the defaults of authenticated entities", () => {
    expect(permissionsByPattern(holder({}).bindings)).toEqual({
      "default/*": ["environment::read", "namespace-role-mapping::read", "namespace::read"],
      "filesystem/*": ["environment::read", "namespace-role-mapping::read", "namespace::read"],
    });
  });

  test("an unknown role grants nothing and takes nothing", () => {
    const entity = holder({ "team/*": ["owner", "viewer"] });
    expect(may(entity, "environment::read", ofEnvironment("team", "x"))).toBe(true);
    expect(may(entity, "environment:create", ofEnvironment("team", "x"))).toBe(false);
  });

  test("who may only work on one environment cannot touch its namespace or global settings", () => {
    const entity = holder({ "team/only": ["admin"], "*/only": ["admin"] });
    expect(may(entity, "environment::delete", ofEnvironment("team", "only"))).toBe(true);
    expect(may(entity, "namespace::delete", ofNamespace("team"))).toBe(false);
    expect(may(entity, "setting::update", GLOBAL)).toBe(false);
  });
});

describe("bindings unite", () => {
  test("a weaker binding of another source does not demote", () => {
    const united = uniteBindings(
      bindings({ "*/*": ["admin"] }),
      bindings({ "*/*": ["viewer"], "a/*": ["viewer"] }),
    );
    expect(rolesByPattern(united)).toEqual({ "*/*": ["admin", "viewer"], "a/*": ["viewer"] });
    expect(may({ ...holder({}), bindings: united }, "namespace::delete", ofNamespace("a"))).toBe(true);
  });

  test("editor and developer are one role, returned as developer", () => {
    expect(rolesByPattern(bindings({ "a/*": ["editor"], "b/*": ["developer", "editor"] }))).toEqual({
      "a/*": ["developer"],
      "b/*": ["developer"],
    });
  });

  test("one malformed pattern spoils the whole source", () => {
    expect(parseBindings({ "team/*": ["viewer"], team: ["admin"] })).toBeNull();
  });
});

describe("lists show what may be read", () => {
  test("a binding to one environment shows it and its namespace, not its neighbours", () => {
    const sight = visible(holder({ "team/env1": ["viewer"] }));
    expect(sight.namespace("team")).toBe(true);
    expect(sight.environment("team", "env1")).toBe(true);
    expect(sight.environment("team", "env2")).toBe(false);
    expect(sight.namespaces).toEqual(["default", "filesystem", "team"]);
    expect(sight.everything).toBe(false);
    expect(["default", "team", "other"].map(sight.coverage)).toEqual(["all", "some", "none"]);
  });

  test("a binding whose roles read nothing shows nothing", () => {
    const sight = visible(holder({ "team/*": ["owner"] }));
    expect(sight.namespace("team")).toBe(false);
    expect(sight.environment("team", "x")).toBe(false);
  });

  test("only */* is everything, and a wildcard namespace cannot be listed by name", () => {
    expect(visible(holder({ "*/*": ["viewer"] })).everything).toBe(true);
    const sight = visible(holder({ "team-*/*": ["viewer"], "*/x": ["viewer"] }));
    expect(sight.everything).toBe(false);
    expect(sight.namespaces).toBeNull();
    expect(sight.environment("other", "x")).toBe(true);
    expect(sight.environment("other", "y")).toBe(false);
  });
});

describe("a new token never says more than its maker holds", () => {
  test.each([
    [{ "*/*": ["admin"] }, { "*/*": ["viewer"] }, true],
    [{ "*/*": ["viewer"] }, { "*/*": ["admin"] }, false],
    [{ "a/b": ["admin"] }, { "a/b": ["viewer"] }, true],
    [{ "*/*": ["viewer"] }, { "default/*": ["viewer"] }, true],
    [{ "d*/*": ["viewer"], "de*/*": ["admin"] }, { "default/*": ["developer"] }, true],
    [{ "d*/*": ["viewer"], "de*/*": ["admin"] }, { "dcefault/*": ["developer"] }, false],
    [{ "d*/*": ["viewer"] }, { "d*/*": ["viewer"], "dc*/*": ["viewer"] }, true],
    [{ "d*/*": ["viewer"] }, { "d*/*": ["viewer"], "dc*/*": ["developer"] }, false],
    [{ "a.c/*": ["admin"] }, { "abc/*": ["viewer"] }, false],
    [{ "a/x": ["admin"], "a/y": ["admin"] }, { "a/*": ["viewer"] }, false],
  ] as const)("%j to %j: %s", (held, wanted, expected) => {
    expect(isSubset(bindings(wanted), bindings(held))).toBe(expected);
  });
});
