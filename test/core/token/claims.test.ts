import { describe, expect, test } from "vitest";
import { rolesByPattern } from "#core/access/binding.ts";
import { AUDIENCE, entityOf } from "#core/token/claims.ts";

const EXP = 1_795_334_516;

test("a token in conda-store's shape needs no audience", () => {
  const entity = entityOf({ exp: EXP, primary_namespace: "alice", role_bindings: { "a/*": ["viewer"] } });
  expect(entity).toMatchObject({ authenticated: true, primaryNamespace: "alice" });
  expect(entity?.expiresAt?.getTime()).toBe(EXP * 1000);
  expect(rolesByPattern(entity?.bindings ?? [])).toMatchObject({ "a/*": ["viewer"] });
});

test("absent claims have conda-store's defaults", () => {
  expect(entityOf({ exp: EXP })).toMatchObject({ primaryNamespace: "default" });
});

describe("a payload that is not for the API gives nobody", () => {
  test.each([
    ["another audience", { exp: EXP, aud: "registry" }],
    ["a list of audiences", { exp: EXP, aud: [AUDIENCE] }],
    ["no audience but foreign claims", { exp: EXP, sub: "alice" }],
    ["no end", { primary_namespace: "alice", aud: AUDIENCE }],
    ["an end beyond all dates", { exp: 1e300, aud: AUDIENCE }],
    ["a malformed pattern", { exp: EXP, aud: AUDIENCE, role_bindings: { team: ["admin"] } }],
    ["roles that are no list", { exp: EXP, aud: AUDIENCE, role_bindings: { "team/*": "admin" } }],
    ["a namespace outside the grammar", { exp: EXP, aud: AUDIENCE, primary_namespace: "a/b" }],
  ])("%s", (_, payload) => {
    expect(entityOf(payload)).toBeNull();
  });
});
