import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ROUTES } from "#core/contract/routes.ts";
import { ACCESS_PATH, ASKERS, accessDocument, documentedAnswer } from "#scripts/access-table.ts";

test("the document of who may call what is what contract and roles say", () => {
  expect(readFileSync(ACCESS_PATH, "utf8"), "run `npm run access`").toBe(accessDocument());
});

test("nobody changes anything without a role, but for logging in and a token with nobody's power", () => {
  const [nobody] = ASKERS;
  if (!nobody) throw new Error("no askers");
  const changing = ROUTES.filter(({ method }) => method !== "get");
  const open = changing.filter((route) => documentedAnswer(route, nobody) !== "403").map(({ id }) => id);
  expect(open.sort()).toEqual(["login", "logout", "postToken"]);
});
