import { expect, test } from "vitest";
import { parseProblems } from "#adapters/conda/problem-tree.ts";

test("each line of a tree with a headline knows the lines it hangs on", () => {
  const tree = ["Headline", "├─ a needs", "│  └─ b, which needs", "│     └─ c", "└─ d"].join("\n");
  expect(parseProblems(tree)).toEqual([
    { text: "Headline", path: [] },
    { text: "a needs", path: ["Headline"] },
    { text: "b, which needs", path: ["Headline", "a needs"] },
    { text: "c", path: ["Headline", "a needs", "b, which needs"] },
    { text: "d", path: ["Headline"] },
  ]);
});

test("a tree may begin without a headline, and be indented as a whole", () => {
  expect(parseProblems("    a\n    └─ b\n\n")).toEqual([
    { text: "a", path: [] },
    { text: "b", path: ["a"] },
  ]);
});
