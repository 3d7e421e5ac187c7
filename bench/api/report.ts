/**
 * The tables of the API's bench, and what they say of the budgets.
 * @module
 */
import { type Cell, median, renderTable } from "../table.ts";
import type { Measured } from "./load.ts";
import type { Rounds, RouteRound } from "./rounds.ts";
import type { RouteName } from "./routes.ts";

interface Budget {
  /** Ours may need one in so many of the original's processor time. */
  readonly share: number;
  /**
   * What the original was measured to need without us beside it: conda-store-server 2025.2.2 over SQLite, 10,000 environments with a
   * completed build of 60 packages each, two cores that were busy otherwise.
   */
  readonly documentedMs: number;
}

export const BUDGETS: Readonly<Partial<Record<RouteName, Budget>>> = {
  "list 100": { share: 50, documentedMs: 282 },
  "one environment": { share: 8, documentedMs: 5 },
  "one build": { share: 8, documentedMs: 5 },
  POST: { share: 8, documentedMs: 32 },
};
/** Of these routes, in the large store as against the small one. */
export const GROWTH_MAX = 1.5;

export interface Report {
  readonly text: string;
  readonly within: boolean;
}

/** Medians of the rounds; ratios are the medians of each round's own. */
export function report(rounds: Rounds): Report {
  const verdicts = [...rounds].flatMap(([name, each]) => verdictsOf(name, each));
  const tables = [
    measuredTable("ours", rounds, (round) => round),
    ...([...rounds.values()].flat().some(({ peer }) => peer)
      ? [measuredTable("conda-store-server", rounds, ({ peer }) => peer)]
      : []),
    renderTable(
      ["what", "found", "budget", ""],
      verdicts.map(({ what, found, budget, within }) => [what, found, budget, within ? "within" : "ABOVE"]),
    ),
  ];
  return { text: tables.join("\n\n"), within: verdicts.every(({ within }) => within) };
}

interface Verdict {
  readonly what: string;
  readonly found: string;
  readonly budget: string;
  readonly within: boolean;
}

function verdictsOf(name: RouteName, rounds: readonly RouteRound[]): Verdict[] {
  const budget = BUDGETS[name];
  if (!budget) return [];
  const { share, documentedMs } = budget;
  const measured = rounds.every(({ peer }) => peer);
  const ratio = median(rounds.map(({ one, peer }) => (peer?.one.cpuMs ?? documentedMs) / one.cpuMs));
  const growth = median(rounds.map(({ one, few }) => one.cpuMs / few.cpuMs));
  return [
    {
      what: `${name}: CPU, of the original's`,
      found: `1/${ratio.toFixed(1)}${measured ? "" : ` of ${documentedMs} ms, documented`}`,
      budget: `≤ 1/${share}`,
      within: ratio >= share,
    },
    {
      what: `${name}: CPU, as the store grows`,
      found: `${growth.toFixed(2)} ×`,
      budget: `≤ ${GROWTH_MAX} ×`,
      within: growth <= GROWTH_MAX,
    },
  ];
}

type Pick = (round: RouteRound) => { readonly one: Measured; readonly sixteen: Measured } | null;

function measuredTable(title: string, rounds: Rounds, pick: Pick): string {
  const rows = [...rounds].map(([name, each]): Cell[] => {
    const measured = each.map(pick).filter((round) => round !== null);
    const cell = (clients: "one" | "sixteen", what: keyof Measured): number =>
      Number(median(measured.map((round) => round[clients][what])).toPrecision(3));
    return [
      ...[name, cell("one", "cpuMs")],
      ...[cell("one", "perSecond"), cell("one", "p50Ms"), cell("one", "p95Ms")],
      ...[cell("sixteen", "perSecond"), cell("sixteen", "p50Ms"), cell("sixteen", "p95Ms")],
    ];
  });
  const columns = ["req/s", "p50 ms", "p95 ms"];
  const headings = [
    title,
    "CPU ms",
    ...columns.map((each) => `1: ${each}`),
    ...columns.map((each) => `16: ${each}`),
  ];
  return renderTable(headings, rows);
}
