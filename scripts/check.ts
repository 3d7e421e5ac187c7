/**
 * `npm run check`: format, lint (import arrows and cycles among the rules) and types.
 * @module
 */
import { spawnSync } from "node:child_process";

/** The house's static checks, each with the command that runs it. */
export const CHECKS = [
  { name: "format and lint", command: "biome", args: ["check", "--error-on-warnings", "."] },
  { name: "types", command: "tsc", args: ["--noEmit", "-p", "."] },
] as const;

const ROOT = new URL("..", import.meta.url).pathname;

/** Runs one check. `output` is what the tool printed; empty or harmless when it passed. */
export function runCheck(check: (typeof CHECKS)[number]): { passed: boolean; output: string } {
  const bin = `${ROOT}node_modules/.bin/${check.command}`;
  const result = spawnSync(process.execPath, [bin, ...check.args], { cwd: ROOT, encoding: "utf8" });
  return { passed: result.status === 0, output: `${result.stdout}${result.stderr}` };
}

if (import.meta.main) {
  let failed = 0;
  for (const check of CHECKS) {
    const { passed, output } = runCheck(check);
    console.log(`${check.name}: ${passed ? "ok" : "FAILED"}`);
    if (!passed) {
      failed += 1;
      console.log(output);
    }
  }
  process.exit(failed === 0 ? 0 : 1);
}
