import { describe, expect, it } from "vitest";
import { complete, wantedAt } from "#ui/completion.ts";

/** The caret is where the bar is. */
function wanted(marked: string) {
  const caret = marked.indexOf("|");
  const found = wantedAt(marked.replace("|", ""), caret);
  return found && [found.kind, found.text, ...(found.kind === "version" ? [found.name] : [])];
}

const HEAD = "name: x\nchannels:\n  - conda-forge\ndependencies:\n  - python\n";

describe("what could be completed", () => {
  it.each([
    [`${HEAD}  - num|`, ["name", "num"]],
    [`${HEAD}  - conda-forge::num|`, ["name", "num"]],
    [`${HEAD}  - "num|`, ["name", "num"]],
    ["dependencies:\n- num|", ["name", "num"]],
    [`${HEAD}  - numpy=|`, ["version", "", "numpy"]],
    [`${HEAD}  - numpy >=1.|`, ["version", "1.", "numpy"]],
    [`${HEAD}  # a remark\n\n  - num|\n  - scipy\n`, ["name", "num"]],
    [`${HEAD}  - pip:\n      - flask\n  - num|`, ["name", "num"]],
    [`${HEAD}  - n|`, null],
    [`${HEAD}  - num|py`, null],
    [`${HEAD}  - pip:\n      - fla|`, null],
    ["name: num|", null],
    ["channels:\n  - conda-fo|", null],
    ["dependencies: []\nvariables:\n  - num|", null],
    ["|", null],
  ])("at the bar of %j", (text, expected) => {
    expect(wanted(text)).toEqual(expected);
  });

  it("is put in place of what was typed, the caret behind it", () => {
    const text = `${HEAD}  - num\n  - scipy\n`;
    const caret = text.indexOf("num") + 3;
    const found = wantedAt(text, caret);
    if (!found) throw new Error("nothing was wanted");

    const done = complete(text, found, "numpy");

    expect(done.text).toBe(`${HEAD}  - numpy\n  - scipy\n`);
    expect(done.text.slice(0, done.caret)).toBe(`${HEAD}  - numpy`);
  });
});
