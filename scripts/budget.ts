/**
 * `npm run budget`: how large the bundles are and how long they take to import, as a ratio to importing the bare DynamoDB
 * client in the same run, and how long a synthesis takes. Exit code 1 above a budget of ours.
 * @module
 */
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { VARIABLES } from "#core/layout.ts";
import { BundleError, bundleEntry, bundleFunctions, FUNCTIONS, type FunctionName } from "./bundle.ts";

/** The fastest counts: what others do on the machine only makes it slower. */
const SYNTHS = 3;
const SYNTH_SECONDS_MAX = 10;

const USAGE = `usage: npm run budget [-- --runs N]

Bundles, then imports every function's bundle N times in turns (default 15) and prints medians; synthesises ${SYNTHS} times and
prints the fastest.`;

/** gzip bytes of all modules of a function, and import time as a ratio to the bare DynamoDB client's. */
const BUDGETS: Partial<Record<FunctionName, { readonly bytes: number; readonly ratio: number }>> = {
  api: { bytes: 300 * 1024, ratio: 2 },
  registry: { bytes: 300 * 1024, ratio: 1.2 },
};
const PAGE_BYTES_MAX = 30 * 1024;
const RUNS = 15;

interface Row {
  readonly what: string;
  readonly measured: string;
  readonly budget: string;
  readonly kept: boolean;
}

/** Bytes that go over the wire or into Lambda's cache when these files are compressed one by one. */
export function gzipBytes(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + gzipSync(readFileSync(path), { level: 9 }).length, 0);
}

/** The page and every script and style that it loads before anything is clicked. */
export function firstLoad(directory: string): string[] {
  const found = new Set(["index.html"]);
  const pending = ["index.html"];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const text = readFileSync(join(directory, name), "utf8");
    const named = name.endsWith(".html")
      ? [...text.matchAll(/(?:src|href)="([^":]+\.(?:js|css))"/g)]
      : // Static imports only: import("…") is loaded later.
        [...text.matchAll(/(?:\bfrom|\bimport)\s*"\.\/([^"]+)"/g)];
    for (const [, file = ""] of named) {
      if (found.has(file)) continue;
      found.add(file);
      pending.push(file);
    }
  }
  return [...found].map((name) => join(directory, name));
}

/** Milliseconds of one import in a process of its own. */
function importMs(path: string, environment: Readonly<Record<string, string>>): number {
  const script = `const t = performance.now(); await import(${JSON.stringify(path)}); console.log(performance.now() - t); process.exit(0);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], ...environment },
  });
  if (status !== 0) throw new BundleError(`${path} cannot be imported: ${stderr.trim().split("\n").at(-1)}`);
  return Number(stdout);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Values that every function accepts; nothing is contacted by an import. */
export function plausibleEnvironment(): Record<string, string> {
  const special: Partial<Record<keyof typeof VARIABLES, string>> = {
    slots: "1",
    slotsPerNamespace: "1",
    buildId: "1",
    maxAttemptMinutes: "60",
    maxQueueHours: "24",
    maxTries: "{}",
    taskSizes: '[{"cpuUnits":1024,"memoryMiB":4096}]',
    settings: "{}",
    urlPrefix: "/",
    watchesDisk: "false",
    proxyStripsPrefix: "false",
    environmentLink: "{namespace}/envs/{name}",
    submissionsPerMinute: "60",
    privateIndexedChannels: "{}",
    repodataMinutesMax: "60",
    auditDays: "365",
    loginsPerMinute: "10",
    login: "{}",
    services: "[]",
    allowedPrivateHosts: "",
    engine: "mamba",
    logLevel: "error",
  };
  const names = Object.keys(VARIABLES) as (keyof typeof VARIABLES)[];
  return {
    AWS_REGION: "us-east-1",
    ...Object.fromEntries(
      names.map((name) => [VARIABLES[name], special[name] ?? "https://example.invalid/x"]),
    ),
  };
}

async function measure(root: string, runs: number): Promise<Row[]> {
  const out = mkdtempSync(join(tmpdir(), "conda-store-budget-"));
  try {
    await bundleFunctions(root, out);
    await bundleEntry(root, "scripts/budget-baseline.ts", "handler", join(out, "baseline"));
    const names = ["baseline", ...FUNCTIONS] as const;
    const times = new Map(names.map((name) => [name, [] as number[]]));
    // In turns, so that a slow moment of the machine meets all of them.
    for (let run = 0; run < runs; run += 1) {
      for (const name of names) {
        times.get(name)?.push(importMs(join(out, name, "handler.mjs"), plausibleEnvironment()));
      }
    }
    const baseline = median(times.get("baseline") ?? []);
    const rows = FUNCTIONS.flatMap((name) =>
      rowsOf(name, join(out, name), median(times.get(name) ?? []) / baseline),
    );
    const page = gzipBytes(firstLoad(join(out, "api", "ui")));
    const shown = `${kib(page)} gzip`;
    return [
      { what: "bare DynamoDB client: import", measured: `${baseline.toFixed(1)} ms`, budget: "", kept: true },
      ...rows,
      {
        what: "page: first load",
        measured: shown,
        budget: `≤ ${kib(PAGE_BYTES_MAX)}`,
        kept: page <= PAGE_BYTES_MAX,
      },
      synthRow(root, join(out, "cdk.out")),
    ];
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function rowsOf(name: FunctionName, directory: string, ratio: number): Row[] {
  const bytes = gzipBytes(globSync("*.mjs", { cwd: directory }).map((file) => join(directory, file)));
  const budget = BUDGETS[name];
  return [
    {
      what: `${name}: all modules`,
      measured: `${kib(bytes)} gzip`,
      budget: budget ? `≤ ${kib(budget.bytes)}` : "",
      kept: bytes <= (budget?.bytes ?? Number.POSITIVE_INFINITY),
    },
    {
      what: `${name}: import`,
      measured: `${ratio.toFixed(2)} × the client`,
      budget: budget ? `≤ ${budget.ratio} ×` : "",
      kept: ratio <= (budget?.ratio ?? Number.POSITIVE_INFINITY),
    },
  ];
}

/** `npm run synth` as a whole: bundles, template and what `cdk` itself takes. */
function synthRow(root: string, into: string): Row {
  const seconds = Array.from({ length: SYNTHS }, () => {
    const startedAt = performance.now();
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(root, "scripts", "cdk.ts"), "synth", "--output", into],
      { encoding: "utf8" },
    );
    if (status !== 0) throw new BundleError(`npm run synth fails: ${stderr.trim().split("\n").at(-1)}`);
    return (performance.now() - startedAt) / 1000;
  });
  const fastest = Math.min(...seconds);
  return {
    what: "synth, bundles included",
    measured: `${fastest.toFixed(1)} s`,
    budget: `≤ ${SYNTH_SECONDS_MAX} s`,
    kept: fastest <= SYNTH_SECONDS_MAX,
  };
}

const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;

function show(rows: readonly Row[]): string {
  const wide = Math.max(...rows.map(({ what }) => what.length));
  const middle = Math.max(...rows.map(({ measured }) => measured.length));
  return rows
    .map(({ what, measured, budget, kept }) =>
      `${what.padEnd(wide)}  ${measured.padStart(middle)}  ${budget}${kept ? "" : "  ABOVE"}`.trimEnd(),
    )
    .join("\n");
}

if (import.meta.main) {
  const args = process.argv.slice(2);
  const runs = args[0] === "--runs" ? Number(args[1]) : RUNS;
  if (args.includes("--help") || !(runs >= 1)) {
    console.log(USAGE);
  } else {
    try {
      const rows = await measure(join(import.meta.dirname, ".."), runs);
      console.log(show(rows));
      if (rows.some(({ kept }) => !kept)) process.exitCode = 1;
    } catch (error) {
      if (!(error instanceof BundleError)) throw error;
      console.error(error.message);
      process.exitCode = 1;
    }
  }
}
