import { expect, test } from "vitest";
import { explore } from "./model/explore.ts";
import { modelOf } from "./model/model.ts";

test("two builds in one slot, with every mishap, reach no bad state, and every state has a way to an end", () => {
  const bounds = { builds: 2, attempts: 1, slots: 1, pending: 2, mishaps: true };

  const { bad, states } = explore(modelOf(bounds), 2_000_000);

  expect(bad).toBeNull();
  expect(states).toBeGreaterThan(100_000);
}, 600_000);
