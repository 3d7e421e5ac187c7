import { describe, expect, it } from "vitest";
import { readPosted } from "#core/specification/posted.ts";
import { lineOfFault } from "#ui/fault-lines.ts";

/** What the server says of a text, line by line, with the numbers that the page makes of it. */
function faultsOf(text: string): (number | null)[] {
  const body = {
    specification: text,
    namespace: null,
    is_lockfile: false,
    files: null,
    clone_from: null,
    frozen: false,
    solve_id: null,
    environment_name: "",
    environment_description: "",
  };
  try {
    readPosted(body);
  } catch (error) {
    return (error as Error).message.split("\n").map((fault) => lineOfFault(fault, text));
  }
  throw new Error("the server had nothing to say");
}

describe("the line of a fault, in the server's own words", () => {
  it.each([
    ["a syntax error", "name: x\ndependencies: [a\nb: c\n", [3]],
    ["a key with a wrong value", "name: x\n\n# channels\nchannels: 1\ndependencies: []\n", [4]],
    ["an item of a list", "name: x\nchannels: [c]\ndependencies:\n  - python\n  - numpy==\n", [5]],
    ["an item that is not indented", "name: x\ndependencies:\n- python\n- numpy==\n", [4]],
    ["a pip entry", "name: x\ndependencies:\n  - python\n  - pip:\n      - ok\n      - 'bad =='\n", [6]],
    ["a variable", "name: x\nvariables:\n  A: b\n  C: [1]\ndependencies: []\n", [4]],
    ["an item of a list on lines of its own", "name: x\ndependencies: [python,\n  numpy==]\n", [3]],
    ["something that is missing", "dependencies: []\n", [null]],
  ])("%s", (_what, text, lines) => {
    expect(faultsOf(text)).toEqual(lines);
  });
});
