/**
 * `npm run chaos`: builds that must end well or say why, while everything that can go wrong does.
 * @module
 */
import { parseArgs } from "node:util";
import { ensurePythonTools } from "#local/python.ts";
import { renderReport } from "./report.ts";
import { runChaos } from "./run.ts";

const USAGE = `usage: npm run chaos -- [--builds N] [--seed S] [--minutes M]

Builds small environments on this machine while processes are killed, clocks are wrong, messages are late, doubled or
lost, and AWS refuses or does not answer. Then checks that no build was lost and nothing is left over.

  --builds N   how many builds (default 10)
  --seed S     decides what happens to which build (default 1)
  --minutes M  the run fails when it takes longer (default 3 and a sixth for each build)

Exit status: 0 if everything holds, 1 if not, 2 for a wrong option.`;

function numberOf(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  console.error(`--${name} must be a whole number from 1 up, not ${text}.`);
  process.exit(2);
}

const text = { type: "string" } as const;
const options = { builds: text, seed: text, minutes: text, help: { type: "boolean", short: "h" } } as const;
let values: ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];
try {
  ({ values } = parseArgs({ options }));
} catch (error) {
  console.error(`${(error as Error).message}\n\n${USAGE}`);
  process.exit(2);
}
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const builds = numberOf("builds", values.builds, 10);
const seed = numberOf("seed", values.seed, 1);
const minutesMax = numberOf("minutes", values.minutes, Math.ceil(3 + builds / 6));
await ensurePythonTools(new URL("../..", import.meta.url).pathname, (line) => console.log(line));
const report = await runChaos({ builds, seed, minutesMax, say: (line) => console.log(line) });
console.log(renderReport(report, seed));
process.exit(report.checks.every(({ faults }) => faults.length === 0) ? 0 : 1);
