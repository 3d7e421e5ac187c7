/**
 * `npm run test:engine`: holds every engine this machine has to the one contract, and names each with its counts.
 * @module
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import * as v from "valibot";

const USAGE = `usage: npm run test:engine [-- --engine PATH …]

  --engine PATH   a mamba or micromamba 2.x (again for more of them); without it those on PATH are taken.
                  py-rattler is always held to the contract as well.`;

const ROOT = new URL("..", import.meta.url).pathname;
const REPORT = join(ROOT, ".local", "test-engine-report.json");
/** What test/engine/engines.ts reads. */
const ENGINES_VARIABLE = "CONDA_STORE_TEST_ENGINES";

const Report = v.object({
  testResults: v.array(
    v.object({
      message: v.optional(v.string(), ""),
      assertionResults: v.array(v.object({ ancestorTitles: v.array(v.string()), status: v.string() })),
    }),
  ),
});

const engines = readEngines();
mkdirSync(dirname(REPORT), { recursive: true });
rmSync(REPORT, { force: true });
const run = spawnSync(
  process.execPath,
  [
    join(ROOT, "node_modules", "vitest", "vitest.mjs"),
    "run",
    "test/engine",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${REPORT}`,
  ],
  {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...process.env, ...(engines.length > 0 ? { [ENGINES_VARIABLE]: engines.join(delimiter) } : {}) },
  },
);
if (!existsSync(REPORT)) fail("The test runner ended without a report.");
process.exit(printTable() ? 0 : (run.status ?? 1) || 1);

function readEngines(): string[] {
  try {
    const { values } = parseArgs({
      options: { engine: { type: "string", multiple: true }, help: { type: "boolean", short: "h" } },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    return (values.engine ?? []).map((path) => {
      const program = resolve(process.env["INIT_CWD"] ?? process.cwd(), path);
      try {
        accessSync(program, constants.X_OK);
      } catch {
        fail(`${program} is not there or cannot be run: name a mamba or micromamba by --engine.`);
      }
      return program;
    });
  } catch (error) {
    fail(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

/** @returns whether every engine passed, and there was one. */
function printTable(): boolean {
  const report = v.parse(Report, JSON.parse(readFileSync(REPORT, "utf8")));
  const counts = new Map<string, { passed: number; failed: number; skipped: number }>();
  for (const { ancestorTitles, status } of report.testResults.flatMap((file) => file.assertionResults)) {
    const name = ancestorTitles[0] ?? "";
    const count = counts.get(name) ?? { passed: 0, failed: 0, skipped: 0 };
    count[status === "passed" ? "passed" : status === "failed" ? "failed" : "skipped"] += 1;
    counts.set(name, count);
  }
  const width = Math.max(6, ...[...counts.keys()].map((name) => name.length));
  console.log(`\n${"engine".padEnd(width)}  passed  failed  skipped`);
  for (const [name, { passed, failed, skipped }] of counts) {
    const numbers = [passed, failed, skipped].map((count, index) =>
      String(count).padStart([6, 6, 7][index] ?? 6),
    );
    console.log(`${name.padEnd(width)}  ${numbers.join("  ")}`);
  }
  const all = [...counts.values()];
  return all.some(({ passed }) => passed > 0) && all.every(({ failed }) => failed === 0) && run.status === 0;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
