import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MOVES, STATES } from "#core/build/state-machine.ts";
import { BUILD_STATES_PATH, buildStatesDocument } from "#scripts/states.ts";

test("the document of states and moves is what the state machine says", () => {
  expect(readFileSync(BUILD_STATES_PATH, "utf8"), "run `npm run states`").toBe(buildStatesDocument());
});

test("every state and every move is in the document", () => {
  const text = buildStatesDocument();
  for (const name of [...Object.keys(STATES), ...Object.keys(MOVES)])
    expect(text).toMatch(new RegExp(`^\\| ${name} +\\|`, "m"));
});
