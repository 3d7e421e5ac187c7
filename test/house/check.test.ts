import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CHECKS, runCheck } from "#scripts/check.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

test.each(CHECKS)("the tree passes: $name", (check) => {
  const { passed, output } = runCheck(check);

  expect(passed, output).toBe(true);
});

// The linter's promise rules are young and its import rules are ours: a release that loses one must not pass unseen.
const tree = mkdtempSync(join(tmpdir(), "conda-store-lint-"));
afterAll(() => rmSync(tree, { recursive: true, force: true }));

test.each([
  [
    "an un-awaited promise",
    "functions/a.ts",
    "noFloatingPromises",
    "const later = async () => 1;\nlater();\n",
  ],
  ["core importing an adapter", "core/b.ts", "noRestrictedImports", 'export * from "#adapters/c.ts";\n'],
  ["an adapter importing a function", "adapters/c.ts", "noRestrictedImports", 'import "#functions/a.ts";\n'],
  ["the page importing an adapter", "ui/d.ts", "noRestrictedImports", 'import "#adapters/c.ts";\n'],
  ["infra importing a function", "infra/e.ts", "noRestrictedImports", 'import "#functions/a.ts";\n'],
  [
    "process.env outside the config",
    "adapters/f.ts",
    "noProcessEnv",
    "export const home = process.env.HOME;\n",
  ],
  ["a non-null assertion", "core/g.ts", "noNonNullAssertion", "export const f = (a: number[]) => a[0]!;\n"],
  [
    "a cycle of types",
    "core/h.ts",
    "noImportCycles",
    'import type { H } from "./h2.ts";\nexport type I = H;\n',
  ],
])("lint finds %s", (_fault, path, rule, planted) => {
  copyFileSync(join(ROOT, "biome.json"), join(tree, "biome.json"));
  copyFileSync(join(ROOT, "package.json"), join(tree, "package.json"));
  for (const [file, text] of [
    [path, planted],
    ["core/h2.ts", 'import type { I } from "./h.ts";\nexport type H = I;\n'],
  ] as const) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  }

  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [`${ROOT}node_modules/.bin/biome`, "lint", "--vcs-enabled=false", path],
    { cwd: tree, encoding: "utf8" },
  );

  expect(status).toBe(1);
  expect(`${stdout}${stderr}`).toContain(rule);
});
