import { expect, test } from "vitest";
import { explore } from "#test/core/build/model/explore.ts";
import { modelOf } from "./model/model.ts";
import { rulesFor } from "./model/rules.ts";

test.each([
  { kind: "directory", builds: 2, passes: 2, oldMessages: false },
  { kind: "directory", builds: 3, passes: 1, oldMessages: false },
  { kind: "archive", builds: 2, passes: 2, oldMessages: false },
  { kind: "layer", builds: 2, passes: 2, oldMessages: false },
] as const)(
  "%j: more at a time take nothing away that somebody needs either",
  (bounds) => {
    const { bad, states } = explore(modelOf(rulesFor(bounds)), 3_000_000);

    expect(bad).toBeNull();
    expect(states).toBeGreaterThan(60_000);
  },
  900_000,
);

test("the explorer finds a planted bug: a pass removes what another is removing", () => {
  const bounds = { kind: "archive", builds: 2, passes: 2, oldMessages: false } as const;
  const { bad } = explore(modelOf(rulesFor(bounds, { waitsForPass: false })), 1_000_000);

  expect(bad?.fault).toMatch(/needs archives.* which is not there|is there and nobody knows/);
}, 300_000);
