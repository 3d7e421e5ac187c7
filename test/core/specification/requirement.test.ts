import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normaliseProjectName, parseRequirement, RequirementError } from "#core/specification/requirement.ts";

const accepts = (text: string): boolean => {
  try {
    parseRequirement(text);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(RequirementError);
    return false;
  }
};

const recorded = JSON.parse(
  readFileSync(new URL("packaging-26.3.json", import.meta.url), "utf8"),
) as readonly [text: string, accepted: boolean][];

describe("parseRequirement", () => {
  it.each(recorded)("takes or refuses %j as Python's packaging 26.3 does", (text, accepted) => {
    expect(accepts(text)).toBe(accepted && text !== "flask_");
  });

  it("is stricter than packaging about a trailing underscore, as PEP 508 is", () => {
    expect(accepts("flask_")).toBe(false);
  });

  it("gives the parts", () => {
    expect(parseRequirement('Zope.Interface [a, b-c] >= 5 , < 6 ; python_version < "3.12"')).toEqual({
      name: "Zope.Interface",
      extras: ["a", "b-c"],
      specifiers: ">=5,<6",
      url: null,
      marker: 'python_version < "3.12"',
    });
    expect(parseRequirement("x @ https://example.org/x.whl#sha256=ab")).toMatchObject({
      name: "x",
      url: "https://example.org/x.whl#sha256=ab",
      specifiers: "",
    });
  });

  it("ends with a sentence on any text", async () => {
    const pieces = fc.constantFrom(
      ..."a - _ . [ ] ( ) , ; @ == >= ~= * 1 .0 ' \" and or in not python_version #".split(" "),
      " ",
      "\n",
    );
    await fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        accepts(parts.join(""));
      }),
      { numRuns: 2000 },
    );
  });

  it("refuses texts of any length at once", () => {
    expect(accepts(`a${"-".repeat(1_000_000)}`)).toBe(false);
    expect(accepts(`a; ${"(".repeat(1_900)}`)).toBe(false);
  });
});

describe("normaliseProjectName", () => {
  it.each([
    ["PyYAML", "pyyaml"],
    ["zope.interface", "zope-interface"],
    ["a-_.b", "a-b"],
  ])("compares %s as %s", (name, normal) => {
    expect(normaliseProjectName(name)).toBe(normal);
  });
});
