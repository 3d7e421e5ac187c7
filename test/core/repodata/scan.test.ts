import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openScanner, type ScannedEntry } from "#core/repodata/scan.ts";

const SECTIONS = new Set(["packages", "packages.conda"]);

/** Read in pieces that end at these places. */
function scan(text: string, ends: readonly number[] = [], entryBytesMax = 1_000_000): ScannedEntry[] {
  const bytes = Buffer.from(text);
  const scanner = openScanner(SECTIONS, entryBytesMax);
  const cuts = [...new Set([0, ...ends.map((end) => Math.min(end, bytes.length)), bytes.length])];
  cuts.sort((a, b) => a - b);
  const found = cuts.slice(1).flatMap((end, at) => scanner.push(bytes.subarray(cuts[at], end)));
  scanner.end();
  return found;
}

const values = fc.jsonValue({ maxDepth: 3 });
const documents = fc.record({
  before: fc.dictionary(fc.string(), values, { maxKeys: 3 }),
  packages: fc.dictionary(fc.string(), values, { maxKeys: 5 }),
  conda: fc.dictionary(fc.string(), values, { maxKeys: 5 }),
  indent: fc.constantFrom(undefined, 1, "\t"),
});

describe("an index read piece by piece", () => {
  it("gives what reading it whole gives, wherever the pieces end", () => {
    fc.assert(
      fc.property(documents, fc.array(fc.nat(2000)), ({ before, packages, conda, indent }, ends) => {
        const { packages: _, "packages.conda": __, ...others } = before;
        const text = JSON.stringify(
          { ...others, packages, "packages.conda": conda, last: [1] },
          null,
          indent,
        );
        const whole = JSON.parse(text) as Record<string, Record<string, unknown>>;
        const wanted = [...SECTIONS].flatMap((section) =>
          Object.entries(whole[section] ?? {}).map(([key, value]) => ({ section, key, value })),
        );
        const order = (a: ScannedEntry, b: ScannedEntry) => (a.section + a.key < b.section + b.key ? -1 : 1);
        expect(scan(text, ends).sort(order)).toEqual(wanted.sort(order));
      }),
    );
  });

  it("is refused wherever it ends too early", () => {
    const text = '{"info":{"a":[1,"}"]},"packages":{"a":{"b":"c"},"d":{}},"removed":[]}';
    for (let length = 0; length < text.length; length += 1) {
      expect(() => scan(text.slice(0, length)), text.slice(0, length)).toThrow(/ends in the middle|not JSON/);
    }
    expect(scan(text)).toHaveLength(2);
  });

  it.each([
    '{"packages":{"a":1,}}',
    '{"packages":{,"a":1}}',
    '{"packages":{"a" 1}}',
    "[]",
    '{"packages":{}"b":2}',
    "{} {}",
  ])("is refused when it is no JSON: %s", (text) => {
    expect(() => scan(text)).toThrow(/not JSON|behind its end/);
  });

  it("never holds more than one entry: what is passed over may be of any size, an entry may not", () => {
    const long = "x".repeat(50_000);
    const ends = Array.from({ length: 60 }, (_, number) => number * 1000);

    expect(scan(`{"info":"${long}","packages":{"a":1}}`, ends, 2_000)).toHaveLength(1);
    expect(() => scan(`{"packages":{"a":"${long}"}}`, ends, 2_000)).toThrow(/an entry larger than 2000/);
  });
});
