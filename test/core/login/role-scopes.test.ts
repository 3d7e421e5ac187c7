import { expect, test } from "vitest";
import { bindingsOfScopes } from "#core/login/role-scopes.ts";

test.each<[string, string[], Record<string, string[]>]>([
  [
    "each part gives a role on a namespace",
    ["viewer!namespace=scipy,admin!namespace=pycon"],
    { "scipy/*": ["viewer"], "pycon/*": ["admin"] },
  ],
  [
    "developer is editor's other name",
    ["editor!namespace=a", "developer!namespace=b"],
    { "a/*": ["developer"], "b/*": ["developer"] },
  ],
  [
    "the highest role counts",
    ["admin!namespace=a,viewer!namespace=a", "developer!namespace=a"],
    { "a/*": ["admin"] },
  ],
  [
    "the user's own namespace is left out",
    ["viewer!namespace=alice,viewer!namespace=b"],
    { "b/*": ["viewer"] },
  ],
  [
    "a text with any bad part is ignored whole",
    ["viewer!namespace=a,owner!namespace=b", "viewer!namespace=c"],
    { "c/*": ["viewer"] },
  ],
  ["a wildcard is no namespace", ["admin!namespace=*"], {}],
  [
    "nor is half a part",
    ["admin!namespace=", "admin", "", "admin!namespace=a,", "!namespace=a", "admin!namespace=a/b"],
    {},
  ],
])("%s", (_, texts, expected) => {
  expect(bindingsOfScopes(texts, "alice")).toEqual(expected);
});
