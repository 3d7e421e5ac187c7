/**
 * `npm test` and `npm run test:all`: runs Vitest and ends with one line `N passed, N failed, N skipped`.
 * Files named `*.slow.test.ts` (real clients, browser, long chaos) belong to `test:all` only.
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

const USAGE = `usage: npm test [-- FILTER …]
       npm run test:all [-- --rest] [FILTER …]

  --all    everything: what npm test runs and the slow files (*.slow.test.ts)
  --rest   the slow files only
  FILTER   part of a test file's path`;

const ROOT = new URL("..", import.meta.url).pathname;
const REPORT = join(ROOT, ".local", "test-report.json");
const SLOW = "**/*.slow.test.ts";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { all: { type: "boolean" }, rest: { type: "boolean" }, help: { type: "boolean", short: "h" } },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

mkdirSync(dirname(REPORT), { recursive: true });
rmSync(REPORT, { force: true });
const selection = values.rest
  ? [".slow.test.ts", ...positionals]
  : [...positionals, ...(values.all ? [] : ["--exclude", SLOW])];
const run = spawnSync(
  process.execPath,
  [
    join(ROOT, "node_modules", "vitest", "vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${REPORT}`,
    ...selection,
  ],
  { cwd: ROOT, stdio: "inherit" },
);
if (!existsSync(REPORT)) {
  console.log("The test runner ended without a report.\n0 passed, 1 failed");
  process.exit(1);
}
const report = JSON.parse(readFileSync(REPORT, "utf8")) as Report;
// A file that fails before its first test has no assertion to count, and must not pass unseen.
const brokenFiles = report.testResults.filter(
  (file) => file.status === "failed" && file.assertionResults.length === 0,
).length;
const failed = report.numFailedTests + brokenFiles;
const skipped = report.numPendingTests + report.numTodoTests;
console.log(`${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 || report.numPassedTests === 0 ? 1 : (run.status ?? 1));
