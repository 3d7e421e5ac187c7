import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normaliseEnvironment } from "#core/specification/environment.ts";
import { readLockfile } from "#core/specification/lockfile.ts";
import { parseYaml } from "#core/specification/yaml.ts";
import { toYaml } from "#ui/yaml-text.ts";

describe("toYaml", () => {
  it("writes what people would write", () => {
    const document = {
      channels: ["conda-forge", "https://repo.example.org/conda"],
      dependencies: [
        "python=3.12",
        "numpy >=2,<3",
        { pip: ["flask[async]>=2", "--index-url https://x.org"] },
      ],
      description: "It's: fine",
      name: "demo",
      prefix: null,
      variables: { CUDA: "12", LEVEL: 3 },
    };

    expect(toYaml(document)).toBe(`name: demo
description: "It's: fine"
channels:
  - conda-forge
  - "https://repo.example.org/conda"
dependencies:
  - python=3.12
  - numpy >=2,<3
  - pip:
      - "flask[async]>=2"
      - "--index-url https://x.org"
variables:
  CUDA: "12"
  LEVEL: 3
`);
  });

  it("is read by the server as the same document", async () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom(
        ..."y no On null ~ 010 1.5 1:30 2024-01-01 - ? : # a: #b 'x \"x x# [a {a *a &a !a |a >a %a @a `a << =".split(
          " ",
        ),
      ),
      fc.constantFrom("a #b", "a: b", " a", "a ", "", "a\nb", "a\tb", "\u2028", "\u0085", "\ufeff"),
    );
    const document = fc.record({
      description: text,
      prefix: fc.option(text.filter((value) => value !== "")),
      variables: fc.option(
        fc.dictionary(text, fc.oneof(text, fc.maxSafeInteger()), { noNullPrototype: true }),
      ),
    });
    await fc.assert(
      fc.property(document, (parts) => {
        const full = { channels: ["a"], dependencies: ["b"], name: "demo", ...parts };
        fc.pre(JSON.stringify(full).isWellFormed());

        expect(normaliseEnvironment(parseYaml(toYaml(full)))).toEqual(full);
      }),
      { numRuns: 1000 },
    );
  });

  it("also with tests in it, and for a lockfile", () => {
    const tests = {
      imports: ["numpy"],
      commands: ["python -c \"print('a: b')\"", "true\n"],
      notebooks: [
        { ipynb: '{"cells": [], "nbformat": 4}' },
        { url: "https://a.org/x.ipynb", sha256: "1".repeat(64) },
      ],
    };
    const tested = {
      ...{ channels: ["a"], dependencies: ["b"], description: "", name: "demo", prefix: null },
      ...{ variables: null, tests },
    };
    expect(normaliseEnvironment(parseYaml(toYaml(tested)))).toEqual(tested);

    const lockfile = {
      version: 1,
      metadata: {
        content_hash: { "linux-64": "0".repeat(64) },
        channels: [{ url: "conda-forge", used_env_vars: [] }],
        platforms: ["linux-64"],
        sources: [],
      },
      package: [
        {
          ...{ name: "zlib", version: "1.10", manager: "conda", platform: "linux-64", dependencies: {} },
          url: "https://conda.anaconda.org/conda-forge/linux-64/zlib-1.10-1_0.conda",
          ...{ hash: { md5: "1e10".padEnd(32, "0") }, build: "1_0", category: "main", optional: false },
        },
      ],
    };
    const value = parseYaml(toYaml({ name: "demo", description: "a: b", lockfile })) as Map<string, unknown>;
    expect(readLockfile(value.get("lockfile"), "demo", "a: b").document.lockfile).toEqual(lockfile);
  });
});
