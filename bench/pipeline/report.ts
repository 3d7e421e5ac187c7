/**
 * The tables of the pipeline's bench, and what they say of the budgets.
 * @module
 */

import { median, renderTable } from "../table.ts";
import type { Again, AgainRound } from "./again.ts";
import { outsideOf } from "./parts.ts";
import type { Round } from "./rounds.ts";

/** A whole build may take this many times the bare engine's create of the same lock. */
const BUILD_RATIO_MAX = 2;
const BUILD_RATIO_GOAL = 1.2;
/** The same specification again may take this many times one solve. */
const AGAIN_RATIO_MAX = 1.1;
/** Of the build task's own process, whatever the environment's size. */
const PEAK_BYTES_MAX = 200e6;

const NOTE =
  "Medians of the rounds; ratios are the medians of each round's own. Steps run side by side, so shares overlap.";

export interface Verdict {
  readonly what: string;
  readonly found: string;
  readonly budget: string;
  readonly within: boolean;
}

export interface Report {
  readonly text: string;
  readonly within: boolean;
}

/** @param title names environment and engine */
export function reportBuild(title: string, rounds: readonly Round[]): Report {
  const tables = [
    renderTable(["part", "from s", "seconds", "share"], partRows(rounds)),
    NOTE,
    "",
    renderTable(
      ["round", "build s", "bare create s", "bare .pyc s", "ratio", "build CPU s", "bare CPU s", "ratio"],
      roundRows(rounds),
    ),
  ];
  return conclude(title, tables, buildVerdicts(rounds));
}

/** @param title names environment, index and engine */
export function reportAgain(title: string, { rounds, changedObjects }: Again): Report {
  const tables = [
    renderTable(["part", "from s", "seconds", "share"], againRows(rounds)),
    NOTE,
    "",
    renderTable(
      ["round", "build s", "one solve s", "ratio"],
      rounds.map((each, index) => [
        ...[index + 1, fixed(each.ours.seconds), fixed(each.solveSeconds)],
        againRatio(each).toFixed(2),
      ]),
    ),
    ...changedObjects.slice(0, 10).map((key) => `changed: ${key}`),
  ];
  return conclude(title, tables, againVerdicts({ rounds, changedObjects }));
}

export function buildVerdicts(rounds: readonly Round[]): Verdict[] {
  const ratio = median(rounds.map(buildRatio));
  const peakBytes = Math.max(...rounds.map(({ ours }) => ours.peakBytes));
  return [
    {
      what: "whole build / bare engine",
      found: ratio.toFixed(2),
      budget: `≤ ${BUILD_RATIO_MAX} (goal ${BUILD_RATIO_GOAL})`,
      within: ratio <= BUILD_RATIO_MAX,
    },
    {
      what: "peak memory of the build task's process",
      found: `${Math.round(peakBytes / 1e6)} MB`,
      budget: `≤ ${PEAK_BYTES_MAX / 1e6} MB`,
      within: peakBytes <= PEAK_BYTES_MAX,
    },
  ];
}

export function againVerdicts({ rounds, changedObjects }: Again): Verdict[] {
  const ratio = median(rounds.map(againRatio));
  return [
    {
      what: "the same again / one solve",
      found: ratio.toFixed(2),
      budget: `≤ ${AGAIN_RATIO_MAX}`,
      within: ratio <= AGAIN_RATIO_MAX,
    },
    {
      what: "objects changed by it, but for logs",
      found: String(changedObjects.length),
      budget: "0",
      within: changedObjects.length === 0,
    },
  ];
}

function conclude(title: string, tables: readonly string[], verdicts: readonly Verdict[]): Report {
  const rows = verdicts.map(({ what, found, budget, within }) => [
    ...[what, found, budget],
    within ? "within" : "ABOVE",
  ]);
  const text = [title, "", ...tables, "", renderTable(["what", "found", "budget", "verdict"], rows)].join(
    "\n",
  );
  return { text, within: verdicts.every(({ within }) => within) };
}

type Row = [string, number | string, number | string, string];

function partRows(rounds: readonly Round[]): Row[] {
  const total = buildSeconds(rounds);
  const bare = bareSeconds(rounds);
  return [
    ...stepRows(rounds, total),
    row("build, claim to COMPLETED", 0, total, total),
    row("bare engine: create", null, median(rounds.map((each) => each.bare.createSeconds)), total),
    row("bare engine: .pyc", null, median(rounds.map((each) => each.bare.compileSeconds)), total),
    row("bare engine, both", null, bare, total),
    row(
      "(start of the process, before the claim)",
      null,
      median(rounds.map((each) => each.ours.startSeconds)),
      null,
    ),
  ];
}

function againRows(rounds: readonly AgainRound[]): Row[] {
  const total = againSeconds(rounds);
  return [
    ...stepRows(rounds, total),
    row("build, claim to COMPLETED", 0, total, total),
    row("bare engine: one solve", null, median(rounds.map((each) => each.solveSeconds)), total),
  ];
}

/** Steps of the last round, in its order, with the medians of all rounds; then what no step covers. */
function stepRows(rounds: readonly Pick<Round, "ours">[], total: number): Row[] {
  const builds = rounds.map(({ ours }) => ours);
  const rows = (builds.at(-1)?.parts ?? []).map(({ name }) => {
    const same = builds.flatMap(({ parts }) => parts.filter((part) => part.name === name));
    return row(name, median(same.map(({ from }) => from)), median(same.map(({ seconds }) => seconds)), total);
  });
  const outside = median(builds.map(({ parts, seconds }) => outsideOf(parts, seconds)));
  return [...rows, row("between steps, result, finish", null, outside, total)];
}

function roundRows(rounds: readonly Round[]): (string | number)[][] {
  return rounds.map(({ ours, bare }, index) => [
    index + 1,
    fixed(ours.seconds),
    fixed(bare.createSeconds),
    fixed(bare.compileSeconds),
    buildRatio({ ours, bare }).toFixed(2),
    ours.cpuSeconds.toFixed(1),
    bare.cpuSeconds.toFixed(1),
    (ours.cpuSeconds / bare.cpuSeconds).toFixed(2),
  ]);
}

/** Within a round, because a shared machine changes from one round to the next. */
const buildRatio = ({ ours, bare }: Round): number =>
  ours.seconds / (bare.createSeconds + bare.compileSeconds);
const againRatio = ({ ours, solveSeconds }: AgainRound): number => ours.seconds / solveSeconds;
const buildSeconds = (rounds: readonly Round[]): number => median(rounds.map(({ ours }) => ours.seconds));
const againSeconds = (rounds: readonly AgainRound[]): number =>
  median(rounds.map(({ ours }) => ours.seconds));
const bareSeconds = (rounds: readonly Round[]): number =>
  median(rounds.map(({ bare }) => bare.createSeconds + bare.compileSeconds));

function row(name: string, from: number | null, seconds: number, total: number | null): Row {
  const share = total === null ? "" : `${Math.round((100 * seconds) / total)} %`;
  return [name, from === null ? "" : fixed(from), fixed(seconds), share];
}

const fixed = (value: number): string => value.toFixed(3);
