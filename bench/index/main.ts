/**
 * `npm run bench -- index`: a channel of a million packages: reading it, indexing it, searching it, refreshing it, solving from it.
 * @module
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { LocalError } from "#local/local-error.ts";
import { ensurePythonTools } from "#local/python.ts";
import { startLocalAws } from "../local-aws.ts";
import { type BenchPlace, runBench, valuesOf } from "../run-bench.ts";
import { renderTable } from "../table.ts";
import { generateChannel, writeChannelData, writeRepodata } from "./generate.ts";
import type { Pass } from "./passes.ts";
import { measureRefreshes, type Refreshes } from "./refreshes.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const RECORDS = 1_000_000;
const USAGE = `usage: npm run bench -- index [--records N]

Makes the index of a channel of N packages (default ${RECORDS}) and measures what reading, indexing, searching and refreshing it
costs. Budgets: index ≤ 40 MB, made in ≤ 1.5 × one pass that unpacks and parses the same, in ≤ 1 GB; a search ≥ 20 × faster
than looking at every record; a refresh with 1 % of the names changed ≤ 10 % of reading it whole.`;

export interface Measured {
  readonly parse: Pass;
  readonly index: Pass;
  readonly search: Pass;
  /** Of `channeldata.json`: parsed at once, and read as prefetch does. */
  readonly parseSaid: Pass;
  readonly summaries: Pass;
  readonly refreshes: Refreshes;
}

interface Row {
  readonly what: string;
  readonly measured: string;
  readonly budget: string;
  readonly kept: boolean;
}

export const benchIndex = (args: readonly string[]): Promise<boolean> =>
  runBench(args, { usage: USAGE, parseOptions, measure });

/** @returns how many records */
function parseOptions(args: readonly string[]): number | null {
  const values = valuesOf(args, { records: { type: "string" }, help: { type: "boolean", short: "h" } });
  if (values.help) return null;
  const given = Number(values.records ?? RECORDS);
  if (!Number.isInteger(given) || given < 100) throw new LocalError(USAGE);
  return given;
}

async function measure(given: number, { directory, closers }: BenchPlace): Promise<boolean> {
  const { python } = await ensurePythonTools(ROOT, console.error);
  const file = join(directory, "repodata.json.zst");
  const channel = generateChannel(given);
  const { records, textBytes } = await writeRepodata(channel, file);
  console.log(`${records} packages of ${channel.names.length} names, ${megabytes(textBytes)} of text`);
  const said = join(directory, "channeldata.json");
  console.log(`${megabytes(await writeChannelData(channel, said))} said of them\n`);
  const passes = {
    ...{ parse: run("parse", file), index: run("index", file), search: run("search", file) },
    ...{ parseSaid: run("parse-said", said), summaries: run("summaries", said) },
  };
  const aws = await startLocalAws(python, directory);
  closers.push(aws.stop);
  const refreshes = await measureRefreshes(aws, channel, file, { python, directory });
  const rows = rowsOf({ ...passes, refreshes });
  console.log(
    renderTable(
      ["what", "measured", "budget", ""],
      rows.map(({ what, measured, budget, kept }) => [what, measured, budget, kept ? "" : "ABOVE"]),
    ),
  );
  return rows.every(({ kept }) => kept);
}

function run(pass: string, file: string): Pass {
  const program = join(import.meta.dirname, "passes.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, pass, file], { encoding: "utf8" });
  if (status !== 0) throw new LocalError(`the pass ${pass} ended with ${status}: ${stderr.slice(-500)}`);
  return JSON.parse(stdout) as Pass;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Ratios of one run; seconds of a machine that is shared say little. */
export function rowsOf({ parse, index, search, parseSaid, summaries, refreshes }: Measured): Row[] {
  const { wholeSeconds, changedSeconds, changedNames, solveSeconds } = refreshes;
  const ratio = index.cpuSeconds / parse.cpuSeconds;
  const share = changedSeconds / wholeSeconds;
  const row = (what: string, measured: string, budget = "", kept = true): Row => ({
    what,
    measured,
    budget,
    kept,
  });
  return [
    row("unpacking and parsing", `${parse.cpuSeconds.toFixed(2)} s, ${parse.peakMB.toFixed(0)} MB`),
    row("the same, and the index of names", `${ratio.toFixed(2)} ×`, "≤ 1.5 ×", ratio <= 1.5),
    row("memory of that", `${index.peakMB.toFixed(0)} MB`, "≤ 1000 MB", index.peakMB <= 1000),
    row("the index", megabytes(index.bytes ?? 0), "≤ 40 MB", (index.bytes ?? 0) <= 40e6),
    ...(search.searches ?? []).map((one) =>
      row(
        `search for ${one.text}: ${one.index.toFixed(2)} ms`,
        `${(one.scan / one.index).toFixed(0)} × faster than every record`,
        "≥ 20 ×",
        one.scan / one.index >= 20,
      ),
    ),
    row(
      "parsing what is said of packages",
      `${parseSaid.cpuSeconds.toFixed(2)} s, ${parseSaid.peakMB.toFixed(0)} MB`,
    ),
    row(
      "reading it as a stream, and the summaries",
      `${(summaries.cpuSeconds / parseSaid.cpuSeconds).toFixed(2)} ×, ${summaries.peakMB.toFixed(0)} MB`,
    ),
    row("the summaries", megabytes(summaries.bytes ?? 0)),
    row("reading it whole", `${wholeSeconds.toFixed(1)} s`),
    row(
      `refreshing ${changedNames} names`,
      `${changedSeconds.toFixed(2)} s, ${(share * 100).toFixed(1)} %`,
      "≤ 10 %",
      share <= 0.1,
    ),
    row("a solve from the channel's own file", `${solveSeconds.without.toFixed(2)} s`),
    row("a solve from what is kept", `${solveSeconds.with.toFixed(2)} s`),
  ];
}
