import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const ROOT = new URL("../..", import.meta.url).pathname;
const [, table = ""] = readFileSync(`${ROOT}/docs/architecture.md`, "utf8").split("## What can die\n");
const ROWS = [...(table.split("\n## ")[0]?.matchAll(/^\| (.+?) \| .* \| `(\S+)`: (.+?) \|$/gm) ?? [])].map(
  ([, what = "", file = "", title = ""]) => [what, file, title] as const,
);

test("the table of what can die is read", () => {
  expect(ROWS.length).toBeGreaterThanOrEqual(11);
});

test.each(ROWS)("%s: %s has the test", (_what, file, title) => {
  const path = `${ROOT}/test/${file}`;
  expect(existsSync(path)).toBe(true);
  expect(readFileSync(path, "utf8")).toMatch(
    new RegExp(`(describe|test|it)(\\.each)?\\([^;]*?${escaped(title)}`, "s"),
  );
});

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
