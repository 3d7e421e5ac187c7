import { describe, expect, test } from "vitest";
import { explore } from "#test/core/build/model/explore.ts";
import { modelOf } from "./model/model.ts";
import { type Rules, rulesFor } from "./model/rules.ts";
import { CONDITIONS } from "./model/world.ts";

const STATES_MAX = 100_000;

/** Seconds on an idle machine. */
const TIMEOUT_MS = 300_000;

describe("all orders of builds that make and borrow, people, passes of sweep and store, with death at any moment,", () => {
  test.each([
    { kind: "directory", builds: 2, passes: 1, oldMessages: true },
    { kind: "archive", builds: 2, passes: 1, oldMessages: false },
    { kind: "layer", builds: 2, passes: 1, oldMessages: false },
  ] as const)(
    "with %j take nothing away that somebody needs, and leave nothing that nobody needs",
    (bounds) => {
      const { bad, states, steps } = explore(modelOf(rulesFor(bounds)), STATES_MAX);

      expect(bad).toBeNull();
      expect(states).toBeGreaterThan(10_000);
      expect(steps).toBeGreaterThan(states);
    },
    TIMEOUT_MS,
  );
});

const DIRECTORY = { kind: "directory", builds: 2, passes: 1, oldMessages: true } as const;
const ARCHIVE = { kind: "archive", builds: 2, passes: 1, oldMessages: false } as const;
const TWO_PASSES = { ...ARCHIVE, passes: 2 } as const;

describe("the explorer finds a planted bug:", () => {
  test.each<[string, typeof DIRECTORY | typeof ARCHIVE | typeof TWO_PASSES, Partial<Rules>, RegExp]>([
    [
      "what is condemned can be held",
      ARCHIVE,
      { conditions: { ...CONDITIONS, canHold: (counted, mustExist) => counted !== undefined || !mustExist } },
      /is condemned and held/,
    ],
    [
      "a directory is condemned by what was read, not by what is",
      DIRECTORY,
      { conditions: { ...CONDITIONS, canCondemn: () => true } },
      /is condemned and held/,
    ],
    [
      "two passes give the same back",
      TWO_PASSES,
      { conditions: { ...CONDITIONS, canGiveBack: () => true } },
      /counts -?\d holders and has \d/,
    ],
    [
      "an ended build gives back while its task still writes",
      DIRECTORY,
      { waitsForTask: false },
      /is there and nobody knows/,
    ],
    [
      "what is lent is looked at before it is held, and held though it is gone",
      ARCHIVE,
      {
        looksFirst: true,
        conditions: { ...CONDITIONS, canHold: (counted) => !counted || counted.condemnedBy === null },
      },
      /needs archives.* which is not there/,
    ],
    ["store believes a message", DIRECTORY, { believesMessages: true }, /needs disk.* which is not there/],
  ])(
    "%s",
    (_, bounds, planted, fault) => {
      const { bad } = explore(modelOf(rulesFor(bounds, planted)), STATES_MAX);

      expect(bad?.fault).toMatch(fault);
    },
    TIMEOUT_MS,
  );
});
