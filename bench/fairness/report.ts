/**
 * How long namespaces waited, in turns: a build's wait is the number of builds that started before it.
 * @module
 */
import { median, renderTable } from "../table.ts";
import type { Started } from "./drain.ts";

export interface Waits {
  readonly namespace: string;
  readonly builds: number;
  /** Turns until its first build started, and if age alone decided. */
  readonly first: number;
  readonly firstByAge: number;
  readonly middle: number;
  readonly last: number;
  readonly lastByAge: number;
  readonly seconds: number;
}

/** @param posted the builds' namespaces in the order of posting */
export function waitsOf(posted: readonly string[], started: readonly Started[]): Waits[] {
  return [...new Set(posted)].map((namespace) => {
    const turns = started.flatMap((each, turn) => (each.namespace === namespace ? [turn] : []));
    return {
      namespace,
      builds: turns.length,
      first: turns[0] ?? Number.NaN,
      firstByAge: posted.indexOf(namespace),
      middle: median(turns),
      last: turns.at(-1) ?? Number.NaN,
      lastByAge: posted.lastIndexOf(namespace),
      seconds: Math.max(...started.flatMap((each) => (each.namespace === namespace ? [each.seconds] : []))),
    };
  });
}

/** When the slots are filled for the first time each namespace has its turn: the order inside that is two dispatchers' race. */
export const isFair = (waits: readonly Waits[], slots: number): boolean =>
  waits.every(({ first }) => first < Math.max(slots, waits.length));

export function renderWaits(waits: readonly Waits[]): string {
  const headings = [
    ...["namespace", "builds", "first after", "by age alone", "middle after"],
    ...["last after", "by age alone", "seconds to the last"],
  ];
  return renderTable(
    headings,
    waits.map((each) => [
      ...[each.namespace, each.builds, each.first, each.firstByAge, each.middle],
      ...[each.last, each.lastByAge, Math.round(each.seconds * 10) / 10],
    ]),
  );
}
