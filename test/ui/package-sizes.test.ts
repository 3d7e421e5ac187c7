import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { platformsOf, sizesOf } from "#ui/package-sizes.ts";

const sized = (...sizes: readonly (number | null)[]) =>
  sizes.map((size, index) => ({ name: `p${index}`, size }));

describe("sizes of packages", () => {
  it("have the largest by themselves, all others together, and those that nobody knows counted", () => {
    expect(sizesOf(sized(5, null, 30, 10, 1), 2)).toEqual({
      largest: [
        { name: "p2", bytes: 30 },
        { name: "p3", bytes: 10 },
      ],
      others: { count: 2, bytes: 6 },
      totalBytes: 46,
      unknown: 1,
    });
  });

  it("never leave one package alone among the others", () => {
    expect(sizesOf(sized(1, 2, 3), 2).others).toEqual({ count: 0, bytes: 0 });
    expect(sizesOf(sized(1, 2, 3), 2).largest).toHaveLength(3);
  });

  it("lose no package and no byte, whatever there is", () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.nat(), { nil: null }), { maxLength: 40 }),
        fc.nat(12),
        (sizes, most) => {
          const { largest, others, totalBytes, unknown } = sizesOf(sized(...sizes), most);
          expect(largest.length + others.count + unknown).toBe(sizes.length);
          const alone = largest.reduce((sum, { bytes }) => sum + bytes, 0);
          expect(alone + others.bytes).toBe(totalBytes);
          expect(largest.every(({ bytes }, index) => bytes <= (largest[index - 1]?.bytes ?? bytes))).toBe(
            true,
          );
        },
      ),
    );
  });
});

describe("platforms of packages", () => {
  it("are those of packages that are not for any", () => {
    const of = (...subdirs: (string | null)[]) => platformsOf(subdirs.map((subdir) => ({ subdir })));
    expect(of("linux-64", "noarch", "linux-64", null)).toEqual(["linux-64"]);
    expect(of("noarch", null)).toEqual([]);
  });
});
