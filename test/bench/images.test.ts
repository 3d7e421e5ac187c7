import { describe, expect, it } from "vitest";
import { parseOptions } from "#bench/images/main.ts";
import { reportImages, type Verdict, verdictsOf } from "#bench/images/report.ts";
import { environmentsOf, type ImageBuild, type Round } from "#bench/images/rounds.ts";
import type { OurBuild } from "#bench/pipeline/our-build.ts";
import { LocalError } from "#local/local-error.ts";

const layer = (name: string) => ({ mediaType: "layer", digest: `sha256:${name}`, size: 1 });

function image(seconds: number, addedBytes: number, layers: readonly string[]): ImageBuild {
  const manifest = {
    schemaVersion: 2 as const,
    config: layer("config"),
    layers: layers.map(layer),
    annotations: {},
  };
  const fat = { seconds: 10, bytes: 100 };
  return { ours: {} as OurBuild, packages: 40, seconds, addedBytes, manifest, fat };
}

const round = (changes: Partial<Round["builds"]> = {}): Round => ({
  builds: {
    first: image(10, 1000, ["a", "b", "rest"]),
    second: image(1, 100, ["a", "c", "rest 2"]),
    more: image(2, 50, ["a", "b", "d", "rest 3"]),
    ...changes,
  },
});
const pulls = [{ what: "manifest by digest", reads: 1 }];
const above = (verdicts: readonly Verdict[]): string[] =>
  verdicts.filter(({ within }) => !within).map(({ what }) => what);

describe("the images' bench", () => {
  it("is within its budgets while shared packages cost next to nothing", () => {
    expect(above(verdictsOf([round()], pulls))).toEqual([]);
    expect(reportImages([round()], pulls).within).toBe(true);
  });

  it("is above them by bytes, by time, by a layer that need not have changed, or by a further read", () => {
    const second = (seconds: number, bytes: number) =>
      round({ second: image(seconds, bytes, ["a", "rest 2"]) });
    expect(above(verdictsOf([second(1, 151)], pulls))).toEqual([expect.stringContaining("bytes")]);
    expect(above(verdictsOf([second(2.1, 100)], pulls))).toEqual([expect.stringContaining("seconds")]);
    const moved = round({ more: image(2, 50, ["a", "b 2", "d", "rest 3"]) });
    expect(above(verdictsOf([moved], pulls))).toEqual([expect.stringContaining("layers changed")]);
    const slow = [{ what: "manifest by digest", reads: 2 }];
    expect(above(verdictsOf([round()], slow))).toEqual([expect.stringContaining("reads")]);
  });

  it("takes the median of the rounds' shares, and the worst of their layers", () => {
    const slow = round({ second: image(9, 100, ["a"]) });
    expect(above(verdictsOf([round(), slow, round()], pulls))).toEqual([]);
    const moved = round({ more: image(2, 50, ["x", "y", "z", "rest 3"]) });
    expect(above(verdictsOf([round(), moved, round()], pulls))).toHaveLength(1);
  });

  it("builds a second environment of which a tenth is another version, and a third with one package more", () => {
    const large = ["python", "attrs", "flask", "scipy"];
    expect(environmentsOf({ environments: { large } })).toEqual({
      first: ["python", "attrs", "flask"],
      second: ["python", "flask", "attrs <26", "click <8.2", "idna <3.10", "packaging <25"],
      more: ["python", "attrs", "flask", "scipy"],
    });
  });

  it("takes one round or more, and says what else it takes", () => {
    expect(parseOptions(["--rounds", "1"])).toEqual({ rounds: 1, verbose: false });
    expect(parseOptions(["--help"])).toBeNull();
    for (const args of [["--rounds", "0"], ["--rounds", "x"], ["--nonsense"]]) {
      expect(() => parseOptions(args), args.join(" ")).toThrow(LocalError);
    }
  });
});
