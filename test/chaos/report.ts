/**
 * What a run did and found, as text.
 * @module
 */
import type { Build } from "#core/build/build.ts";
import type { ChaosReport } from "./run.ts";

const FAULTS_SHOWN = 20;

export function renderReport(
  { mishaps, builds, checks, seconds, unnamed }: ChaosReport,
  seed: number,
): string {
  const outcomes = Map.groupBy(builds, outcomeOf);
  return [
    `seed ${seed}: ${builds.length} builds in ${Math.round(seconds)} s`,
    "",
    table("what happened", mishaps),
    table(
      "how builds ended",
      [...outcomes]
        .map(([outcome, all]) => [outcome, all.length] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    table("attempts", attemptsOf(builds)),
    `products that no build names: ${unnamed}`,
    "",
    ...checks.flatMap(({ name, faults }) => [
      `${faults.length === 0 ? "holds " : "BROKEN"}  ${name}`,
      ...faults.slice(0, FAULTS_SHOWN).map((fault) => `          ${fault}`),
      ...(faults.length > FAULTS_SHOWN ? [`          and ${faults.length - FAULTS_SHOWN} more`] : []),
    ]),
  ].join("\n");
}

function table(title: string, rows: readonly (readonly [string, number])[]): string {
  return `${title}\n${rows.map(([what, count]) => `  ${String(count).padStart(6)}  ${what}`).join("\n")}\n`;
}

function attemptsOf(builds: readonly Build[]): [string, number][] {
  const groups = Map.groupBy(builds, ({ lastAttempt }) => lastAttempt);
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([attempts, all]) => [`builds with ${attempts}`, all.length]);
}

/** Reasons with what differs from build to build taken out. */
function outcomeOf({ status, statusInfo }: Build): string {
  const plain = (statusInfo ?? "")
    .replace(/(\/|https?:)\S+/g, "…")
    .replace(/\d+/g, "N")
    .slice(0, 100);
  return plain === "" ? status : `${status}: ${plain}`;
}
