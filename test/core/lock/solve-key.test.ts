import { describe, expect, it } from "vitest";
import { type SolveKeyParts, solveKeyOf } from "#core/lock/solve-key.ts";

const PARTS: SolveKeyParts = {
  namespace: "team",
  engine: "mamba 2.8.1",
  platform: "linux-64",
  specs: ["python", "numpy >=2"],
  channels: ["https://a.example/one", "https://a.example/two"],
  virtualPackages: { __glibc: "2.28", __linux: "5.10" },
};

describe("the key of a solve", () => {
  it.each<Partial<SolveKeyParts>>([
    { namespace: "other" },
    { engine: "mamba 2.8.2" },
    { platform: "linux-aarch64" },
    { specs: ["python", "numpy >=1"] },
    { channels: PARTS.channels.toReversed() },
    { virtualPackages: { __glibc: "2.17", __linux: "5.10" } },
  ])("is another one for %j, which may be answered otherwise", (change) => {
    expect(solveKeyOf({ ...PARTS, ...change })).not.toBe(solveKeyOf(PARTS));
  });

  it("does not depend on the order in which virtual packages are named", () => {
    const virtualPackages = { __linux: "5.10", __glibc: "2.28" };
    expect(solveKeyOf({ ...PARTS, virtualPackages })).toBe(solveKeyOf(PARTS));
  });
});
