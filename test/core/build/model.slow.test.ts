import { expect, test } from "vitest";
import { explore } from "./model/explore.ts";
import { modelOf } from "./model/model.ts";

const MISHAPS = { slots: 1, pending: 2, deletion: false, mishaps: true };

test.each([
  { builds: 1, attempts: 2, ...MISHAPS },
  { builds: 2, attempts: 1, ...MISHAPS, pending: 1 },
  { builds: 1, attempts: 2, ...MISHAPS, pending: 1, deletion: true },
])(
  "%j: more at a time reaches no bad state either",
  (bounds) => {
    const { bad, states } = explore(modelOf(bounds), 3_000_000);

    expect(bad).toBeNull();
    expect(states).toBeGreaterThan(100_000);
  },
  900_000,
);
