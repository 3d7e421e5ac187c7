/**
 * What a run did and found, as text.
 * @module
 */
import type { ChaosReport } from "./run.ts";

const FAULTS_SHOWN = 20;

export function renderReport(
  { mishaps, ended, attempts, builds, checks, seconds }: ChaosReport,
  seed: number,
): string {
  const outcomes = Map.groupBy(ended, outcomeOf);
  return [
    `seed ${seed}: ${ended.length} builds in ${Math.round(seconds)} s, ${builds.length} of them not deleted`,
    "",
    table("what happened", mishaps),
    table(
      "how builds ended",
      [...outcomes]
        .map(([outcome, all]) => [outcome, all.length] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    table(
      "attempts that did something",
      [...attempts].sort(([a], [b]) => a - b).map(([count, all]) => [`builds with ${count}`, all]),
    ),
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

/** Reasons with what differs from build to build taken out. */
function outcomeOf({ status, statusInfo }: ChaosReport["ended"][number]): string {
  const plain = (statusInfo ?? "")
    .replace(/(\/|https?:)\S+/g, "…")
    .replace(/\d+/g, "N")
    .slice(0, 100);
  return plain === "" ? status : `${status}: ${plain}`;
}
