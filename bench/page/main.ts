/**
 * `npm run bench -- page`: what the web page costs whoever opens it, in a real Chromium.
 * @module
 */
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { chromium } from "playwright-core";
import { openDb } from "#adapters/dynamodb/db.ts";
import { LocalError } from "#local/local-error.ts";
import { startMiniStack } from "#local/ministack.ts";
import { ensurePythonTools } from "#local/python.ts";
import { bundleFunctions } from "#scripts/bundle.ts";
import { findProgram } from "#test/kit/programs.ts";
import { makeGivens } from "../api/givens.ts";
import { createTable, startLocalDynamodb } from "../api/local-dynamodb.ts";
import { seed } from "../api/seed.ts";
import { type BenchPlace, runBench, valuesOf } from "../run-bench.ts";
import { median, renderTable } from "../table.ts";
import { serveBundle } from "./serve-bundle.ts";
import { type Visit, visit } from "./visit.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** A whole first page: as much is drawn as in the large store. */
const FEW = 100;
/** Of what is loaded before anything is clicked, the API's answers left out. */
const BYTES_MAX = 30 * 1024;
/** Page, style, script and its chunks; who one is, and the list. */
const REQUESTS_MAX = 8;
/** Of the large store as against the small one. */
const GROWTH_MAX = 1.5;

const USAGE = `usage: npm run bench -- page [--environments N] [--rounds N]

  --environments N   in the large store, more than ${FEW} [10000]
  --rounds N         first loads of each store [5]

Opens the list in a fresh Chromium, searches and scrolls. Exit status 1 above a budget.`;

/** @returns whether everything was within its budget; also after `--help` */
export const benchPage = (args: readonly string[]): Promise<boolean> =>
  runBench(args, { usage: USAGE, parseOptions, measure });

interface Options {
  readonly environments: number;
  readonly rounds: number;
}

function parseOptions(args: readonly string[]): Options | null {
  const values = valuesOf(args, {
    environments: { type: "string", default: "10000" },
    rounds: { type: "string", default: "5" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) return null;
  const [environments, rounds] = [Number(values.environments), Number(values.rounds)];
  if (!(Number.isInteger(environments) && environments > FEW && Number.isInteger(rounds) && rounds > 0))
    throw new LocalError(`--environments must be a whole number above ${FEW}, --rounds one from 1 up.`);
  return { environments, rounds };
}

async function measure(
  { environments, rounds }: Options,
  { directory, closers }: BenchPlace,
): Promise<boolean> {
  const executablePath =
    process.env["CHROMIUM"] || findProgram("chromium", "chromium-browser", "google-chrome");
  if (!executablePath) throw new LocalError("There is no Chromium: install one, or name it in CHROMIUM.");
  await bundleFunctions(ROOT, directory);
  const { python } = await ensurePythonTools(ROOT, say);
  const ministack = await startMiniStack({ python, directory: join(directory, "aws") });
  closers.push(() => ministack.stop());
  const dynamodb = await startLocalDynamodb(ministack.endpoint);
  closers.push(() => dynamodb.stop());
  const { token, wakeUpQueue, secret } = await makeGivens(ministack.endpoint);
  const open = async (size: number): Promise<string> => {
    const table = `bench-${size}`;
    await createTable(new DynamoDBClient({ endpoint: dynamodb.endpoint }), table);
    say(`a store of ${size} environments …`);
    await seed(openDb({ table, endpoint: dynamodb.endpoint }), size);
    const at = { dynamodb: dynamodb.endpoint, ministack: ministack.endpoint };
    const served = await serveBundle(join(directory, "api", "handler.mjs"), {
      table,
      wakeUpQueue,
      secret,
      ...at,
    });
    closers.push(() => served.close());
    return served.address;
  };
  const stores = [await open(environments), await open(FEW)] as const;
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  closers.push(() => browser.close());
  // The first visits wake function and browser, and are not counted.
  for (const address of stores) await visit(browser, address, token);
  const visits: [Visit[], Visit[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    say(`round ${round + 1} of ${rounds} …`);
    // In turns, so that a slow moment of the machine meets both.
    for (const [index, address] of stores.entries())
      visits[index]?.push(await visit(browser, address, token));
  }
  console.log(
    `\n${environments} environments over ${dynamodb.name}; ${rounds} rounds in turns; ${cpus().length} processors, load ${loadavg()[0]?.toFixed(1)}\n`,
  );
  return report(...visits, environments);
}

function report(many: readonly Visit[], few: readonly Visit[], environments: number): boolean {
  const middle = (visits: readonly Visit[], of: (visit: Visit) => number): number => median(visits.map(of));
  const ms = (of: (visit: Visit) => number) =>
    [middle(many, of), middle(few, of)].map((value) => Math.round(value));
  const row = (what: string, of: (visit: Visit) => number) => [what, ...ms(of)];
  console.log(
    `${renderTable(
      ["what", `${environments}`, `${FEW}`],
      [
        row("page, script and style, bytes", ({ pageBytes }) => pageBytes),
        row("answers of the API, bytes", ({ apiBytes }) => apiBytes),
        row("requests", ({ requests }) => requests),
        row("first paint, ms", ({ firstPaintMs }) => firstPaintMs),
        row("first environment shown, ms", ({ contentMs }) => contentMs),
        row("typed to found, ms", ({ searchMs }) => searchMs),
        row("longest frame while scrolling, ms", ({ longestFrameMs }) => longestFrameMs),
        row("rows when scrolled", ({ rows }) => rows),
      ],
    )}\n`,
  );
  const [bytes, requests] = [
    Math.max(...many.map(({ pageBytes }) => pageBytes)),
    Math.max(...many.map((visit) => visit.requests)),
  ];
  const contentMs = (visit: Visit): number => visit.contentMs;
  const growth = middle(many, contentMs) / middle(few, contentMs);
  const verdicts = [
    ["first load, bytes", String(bytes), `≤ ${BYTES_MAX}`, bytes <= BYTES_MAX],
    ["first load, requests", String(requests), `≤ ${REQUESTS_MAX}`, requests <= REQUESTS_MAX],
    ["first environment, large : small", growth.toFixed(2), `≤ ${GROWTH_MAX}`, growth <= GROWTH_MAX],
  ] as const;
  console.log(
    `${renderTable(
      ["what", "found", "budget", ""],
      verdicts.map(([what, found, budget, within]) => [what, found, budget, within ? "within" : "ABOVE"]),
    )}\n`,
  );
  return verdicts.every(([, , , within]) => within);
}

function say(line: string): void {
  console.error(`  ${line}`);
}
