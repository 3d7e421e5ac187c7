import { describe, expect, it } from "vitest";
import { formatOf } from "#ui/draft.ts";

describe("what a chosen file is", () => {
  it.each([
    ["environment.yml", "name: x\ndependencies: [python]\n", "environment"],
    ["requirements-dev.txt", "flask\n", "pip"],
    ["conda-lock.yml", "version: 1\nmetadata:\n  channels: []\npackage: []\n", "lockfile"],
    ["conda-lock.json", '{\n "metadata": {},\n "package": []\n}', "lockfile"],
    ["other.yaml", "metadata: {}\n", "environment"],
  ])("%s is seen by its name and its text", (name, text, format) => {
    expect(formatOf(name, text)).toBe(format);
  });
});
