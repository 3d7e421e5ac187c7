import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { AppError } from "#core/errors.ts";
import { PythonFloat, pythonFloat } from "#core/specification/canonical.ts";
import { SPECIFICATION_BYTES_MAX } from "#core/specification/limits.ts";
import { parseYaml } from "#core/specification/yaml.ts";
import { YamlTimestamp } from "#core/specification/yaml-schema.ts";

/** A value with its Python type, as the recording has it. */
function typed(value: unknown): unknown {
  if (value === null) return ["null"];
  if (typeof value === "boolean") return ["bool", value];
  if (typeof value === "number" || typeof value === "bigint") return ["int", String(value)];
  if (value instanceof PythonFloat) {
    const text = pythonFloat(value.value);
    return ["float", { NaN: "nan", Infinity: "inf", "-Infinity": "-inf" }[text] ?? text];
  }
  if (typeof value === "string") return ["str", value];
  if (value instanceof YamlTimestamp) return ["time"];
  if (value instanceof Uint8Array) return ["bytes", Buffer.from(value).toString("hex")];
  if (value instanceof Set) return ["set", [...value].sort()];
  if (Array.isArray(value)) return ["list", value.map(typed)];
  if (value instanceof Map)
    return [
      "map",
      [...value].map(([key, item]) => [
        typed(typeof key === "number" && !Number.isInteger(key) ? new PythonFloat(key) : key),
        typed(item),
      ]),
    ];
  throw new Error(`unexpected ${String(value)}`);
}

const parsed = (text: string): unknown => {
  try {
    return typed(parseYaml(text));
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return null;
  }
};

const recorded = JSON.parse(readFileSync(new URL("pyyaml-6.0.3.json", import.meta.url), "utf8")) as readonly [
  text: string,
  value: unknown,
][];

/** Where we knowingly differ: more lenient on texts that PyYAML refuses, stricter on tags that nobody writes. */
const DIFFERENT: Readonly<Record<string, unknown>> = {
  "k: <<": [
    "map",
    [
      [
        ["str", "k"],
        ["str", "<<"],
      ],
    ],
  ],
  "k: !!float 1": null,
  "k: !!null x": null,
  "...\n": ["null"],
  "a:\t1\n": [
    "map",
    [
      [
        ["str", "a"],
        ["int", "1"],
      ],
    ],
  ],
  "a: !!omap [b: 1, c: 2]\n": [
    "map",
    [
      [
        ["str", "a"],
        [
          "list",
          [
            [
              "map",
              [
                [
                  ["str", "b"],
                  ["int", "1"],
                ],
              ],
            ],
            [
              "map",
              [
                [
                  ["str", "c"],
                  ["int", "2"],
                ],
              ],
            ],
          ],
        ],
      ],
    ],
  ],
  "a: =\n": [
    "map",
    [
      [
        ["str", "a"],
        ["str", "="],
      ],
    ],
  ],
  "a: [=]\n": [
    "map",
    [
      [
        ["str", "a"],
        ["list", [["str", "="]]],
      ],
    ],
  ],
};

describe("YAML is read as PyYAML 6.0.3 reads it", () => {
  it.each(recorded)("%j", (text, value) => {
    expect(parsed(text)).toEqual(Object.hasOwn(DIFFERENT, text) ? DIFFERENT[text] : value);
  });

  it("differs only where the list of differences says so", () => {
    const differing = recorded.filter(
      ([text, value]) => JSON.stringify(parsed(text)) !== JSON.stringify(value),
    );
    expect(differing.map(([text]) => text).sort()).toEqual(Object.keys(DIFFERENT).sort());
  });
});

const message = (text: string): string => {
  try {
    parseYaml(text);
  } catch (error) {
    if (error instanceof AppError && error.code === "invalid_specification") return error.message;
    throw error;
  }
  throw new Error("was accepted");
};

describe("a text that is not YAML", () => {
  it("is refused with conda-store's sentence, the place and the reason on one line", () => {
    expect(message("a: 1\nb: [1\n")).toMatch(/^Unable to parse\. Invalid YAML: line 3, column 1: [^\n]+$/);
  });

  it("is refused when its aliases expand to more than a specification may hold", () => {
    const levels = Array.from(
      { length: 20 },
      (_, level) => `a${level}: &a${level} [${level === 0 ? "x" : Array(9).fill(`*a${level - 1}`)}]`,
    );

    expect(message(levels.join("\n"))).toContain("anchors and aliases expand to too much");
    expect(message(`a: &a ${"x".repeat(10_000)}\nb: [${Array(200).fill("*a")}]`)).toContain(
      "anchors and aliases",
    );
    expect(message("a: &a [*a]")).toContain("anchors and aliases");
  });

  it("is refused when merges multiply", () => {
    const keys = Array.from({ length: 200 }, (_, index) => `k${index}: 1`).join(", ");
    const merges = Array.from({ length: 200 }, (_, index) => `m${index}: {<<: *base}`).join("\n");

    expect(message(`base: &base {${keys}}\n${merges}`)).toMatch(/merge|expand/);
  });

  it("is refused when nested too deeply, without exhausting the stack", () => {
    expect(message("[".repeat(100_000))).toContain("nesting");
    expect(message("- ".repeat(100_000))).toContain("nesting");
    expect(message("{a: ".repeat(50_000))).toContain("nesting");
  });

  it("is refused above the limit of bytes, and read at the limit", () => {
    const head = "a: ";
    expect(parsed(head + "x".repeat(SPECIFICATION_BYTES_MAX - head.length))).not.toBeNull();
    expect(message(head + "x".repeat(SPECIFICATION_BYTES_MAX))).toContain(
      `the limit is ${SPECIFICATION_BYTES_MAX}`,
    );
    expect(message(head + "é".repeat(SPECIFICATION_BYTES_MAX / 2))).toContain("the limit is");
  });

  it("does not repeat a secret in its message", () => {
    expect(message("a: !<https://user:hunter2@host/x> 1")).not.toContain("hunter2");
  });
});

describe("the text that conda-store's web page glues together", () => {
  const glued = (description: string): string =>
    `channels:\n  - conda-forge\ndependencies: []\ndescription: ${description}\nname: demo\nprefix: null\n`;
  const description = (text: string): unknown => (parseYaml(text) as Map<string, unknown>).get("description");

  it.each([
    ["'it's mine'", "it's mine"],
    ["'say 'no''", "say 'no'"],
    ["a: b", "a: b"],
    ["'unclosed", "'unclosed"],
    ["@home", "@home"],
    ["'two\nlines: it's'", "two\nlines: it's"],
    ["[x", "[x"],
  ])("is read in spite of the description %j", (written, meant) => {
    expect(description(glued(written))).toBe(meant);
  });

  it("keeps an empty description as null and a valid one as it is", () => {
    expect(description(glued(""))).toBeNull();
    expect(description(glued('"a\\tb"'))).toBe("a\tb");
  });

  it("is not repaired when something else is broken", () => {
    expect(message(`x: [1\n${glued("'it's'")}`)).toContain("Invalid YAML");
    expect(message("description: a: b\n")).toContain("Invalid YAML");
  });

  it("is read in linear time, however many blanks and lines", () => {
    const text = `a: [\n${"\nname: x\nprefix:".repeat(1000)}${" ".repeat(100_000)}\nz`;
    const started = process.cpuUsage();

    message(text);

    expect(process.cpuUsage(started).user).toBeLessThan(1_000_000);
  });
});
