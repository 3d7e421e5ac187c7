import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const ROOT = new URL("../..", import.meta.url).pathname;
const read = (path: string): string => readFileSync(`${ROOT}${path}`, "utf8");
const page = read("CONTRIBUTING.md");
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

test("every npm command is in CONTRIBUTING.md, and the pages name no other", () => {
  const pages = ["CONTRIBUTING.md", "README.md", ...globSync("docs/*.md", { cwd: ROOT })].map(read);
  const named = (text: string): string[] =>
    [...text.matchAll(/`npm (?:run )?(?:--silent )?([a-z][\w:-]*)/g)].map(([, name = ""]) => name);

  expect(Object.keys(scripts).filter((name) => !named(page).includes(name))).toEqual([]);
  expect(named(pages.join("\n")).filter((name) => !(name in scripts) && name !== "ci")).toEqual([]);
});

test("each file that CONTRIBUTING.md tells to run is there, and is run by the command that is told", () => {
  const files = globSync("test/**/*.test.ts", { cwd: ROOT });
  const told = [...page.matchAll(/`npm (test|run test:all) -- ([a-z][^`]*)`/g)].flatMap(
    ([, command, filters = ""]) => filters.split(" ").map((filter) => ({ command, filter })),
  );
  expect(told.length).toBeGreaterThan(20);
  const wrong = told.filter(({ command, filter }) => {
    const found = files.filter((file) => file.includes(filter));
    return !found.some((file) => file.endsWith(".slow.test.ts") === (command === "run test:all"));
  });
  expect(wrong).toEqual([]);
});
