import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CanonicalValue,
  canonicalJson,
  compareCodePoints,
  documentSha256,
  PythonFloat,
  pythonFloat,
  specificationSha256,
} from "#core/specification/canonical.ts";

/** Recorded from CPython 3.11: `repr` of floats; documents with `json.dumps` and sha256 of their sorted form. */
const recorded = JSON.parse(readFileSync(new URL("python-json.json", import.meta.url), "utf8")) as {
  readonly floats: readonly [text: string, repr: string][];
  readonly documents: readonly [json: string, sorted: string, sha256: string][];
};

describe("specificationSha256 is conda-store's", () => {
  it("for an environment", () => {
    const document = {
      channels: ["conda-forge"],
      dependencies: ["python=3.11", "numpy"],
      description: "",
      name: "demo",
      prefix: null,
      variables: null,
    };

    expect(specificationSha256(document)).toBe(
      "da2cdf792347644a9f1b875d92d087640333e5029814bf887aa2fc761fe8f07d",
    );
  });

  it.each([
    ["in one order", ["conda-forge", "bioconda"]],
    ["and with lists reversed", ["bioconda", "conda-forge"]],
  ])("for one with pip, variables and letters beyond ASCII %s", (_order, channels) => {
    const document = {
      channels,
      dependencies: ["python >=3.10", "pandas", { pip: ["requests==2.31.0", "flask"] }],
      description: "Ünï",
      name: "demo2",
      prefix: null,
      variables: { B: "two", A: 1 },
    };

    expect(specificationSha256(document)).toBe(
      "9e777fa55bb66a1542b73c6f3ad242afec60b27a10d9d7614a46705f3da46977",
    );
  });

  it("for a lockfile", () => {
    const document = {
      name: "lk",
      description: "d",
      lockfile: {
        version: 1,
        metadata: {
          content_hash: { "linux-64": "a".repeat(64) },
          channels: [{ url: "conda-forge", used_env_vars: [] }],
          platforms: ["linux-64"],
          sources: ["environment.yaml"],
        },
        package: [
          {
            name: "zlib",
            version: "1.2.13",
            manager: "conda",
            platform: "linux-64",
            dependencies: {},
            url: "https://conda.anaconda.org/conda-forge/linux-64/zlib-1.2.13-h166bdaf_4.tar.bz2",
            hash: { md5: "4b11e365c0275b808be78b30f904e295", sha256: "b".repeat(64) },
            category: "main",
            optional: false,
          },
        ],
      },
    };

    expect(specificationSha256(document)).toBe(
      "9b981b5153479c2b233d09576c0e954270d93dc53ed227962e8778a58ca1b42d",
    );
  });

  it.each(recorded.documents)("for %s", (json, sorted, sha256) => {
    const document = JSON.parse(json) as CanonicalValue;

    expect(canonicalJson(document, true)).toBe(sorted);
    expect(specificationSha256(document)).toBe(sha256);
  });

  it("tells floats from integers, and keeps integers of any size", () => {
    const document = [new PythonFloat(1), 1, 2n ** 70n, new PythonFloat(1e20), 1.5, 9, 10];

    expect(canonicalJson(document, true)).toBe("[1.0, 1.5, 1e+20, 1, 10, 1180591620717411303424, 9]");
  });
});

describe("pythonFloat", () => {
  it.each(recorded.floats)("prints %s as Python does", (text, repr) => {
    expect(pythonFloat(Number(text))).toBe(repr);
  });

  it("prints what reads back as the same number", async () => {
    await fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Object.is(Number(pythonFloat(value)), value)).toBe(true);
      }),
    );
  });
});

const json: fc.Arbitrary<CanonicalValue> = fc.letrec<{ value: CanonicalValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.string({ unit: "binary" }),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 5 }),
  ),
})).value;

describe("the canonical text", () => {
  it("is the document's JSON in ASCII, with the order of lists kept or not", async () => {
    await fc.assert(
      fc.property(json, (document) => {
        const text = canonicalJson(document, false);

        expect(text).toMatch(/^[\x20-\x7e]*$/);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(document)));
      }),
    );
  });

  it("does not depend on the order of keys; the first hash does not on that of scalars in lists either", async () => {
    const scalars = fc.array(fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)), {
      minLength: 2,
    });
    await fc.assert(
      fc.property(scalars, fc.dictionary(fc.string(), fc.string()), (items, map) => {
        const turned = Object.fromEntries(Object.entries(map).reverse());
        const reversed = [...items].reverse();

        expect(documentSha256({ map, items })).toBe(documentSha256({ items, map: turned }));
        expect(specificationSha256({ map, items })).toBe(
          specificationSha256({ items: reversed, map: turned }),
        );
        if (JSON.stringify(items) !== JSON.stringify(reversed))
          expect(documentSha256({ items })).not.toBe(documentSha256({ items: reversed }));
      }),
    );
  });

  it("is hashed as SHA-256 of its bytes", () => {
    const text = '{"a": ["\\u00e9", 1]}';

    expect(documentSha256({ a: ["é", 1] })).toBe(createHash("sha256").update(text).digest("hex"));
  });
});

describe("compareCodePoints", () => {
  it("orders as code points do, beyond U+FFFF too", async () => {
    const points = (text: string): number[] => [...text].map((character) => character.codePointAt(0) ?? 0);
    const expected = (a: string, b: string): number => {
      const [left, right] = [points(a), points(b)];
      const index = left.findIndex((point, at) => point !== right[at]);
      if (index === -1) return left.length - right.length;
      return (left[index] ?? 0) - (right[index] ?? -1);
    };
    await fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
        expect(Math.sign(compareCodePoints(a, b))).toBe(Math.sign(expected(a, b)));
      }),
    );
    expect(compareCodePoints("\u{1f600}", "\uffff")).toBeGreaterThan(0);
  });
});
