/**
 * `npm run bench -- api`: what a request costs.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { openDb } from "#adapters/dynamodb/db.ts";
import { LocalError } from "#local/local-error.ts";
import { startMiniStack } from "#local/ministack.ts";
import { ensurePythonTools } from "#local/python.ts";
import { bundleEntry } from "#scripts/bundle.ts";
import { makeGivens } from "./givens.ts";
import { createTable, startLocalDynamodb } from "./local-dynamodb.ts";
import { type ApiOptions, FEW_ENVIRONMENTS, parseOptions, USAGE } from "./options.ts";
import { openOurApi } from "./our-api.ts";
import { openPeer } from "./peer.ts";
import { report } from "./report.ts";
import { runRounds } from "./rounds.ts";
import { seed } from "./seed.ts";

const ROOT = join(import.meta.dirname, "..", "..");
type Closers = (() => Promise<void>)[];

/** @returns whether every route was within its budget; also after `--help` */
export async function benchApi(args: readonly string[]): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), "conda-store-bench-"));
  const closers: Closers = [];
  try {
    const options = parseOptions(args);
    if (options !== null) return await bench(options, directory, closers);
    console.log(USAGE);
    return true;
  } catch (error) {
    if (!(error instanceof LocalError)) throw error;
    console.error(error.message);
    return false;
  } finally {
    for (const close of closers.reverse()) await close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function bench(options: ApiOptions, directory: string, closers: Closers): Promise<boolean> {
  const { environments, rounds } = options;
  const bundle = join(directory, "api");
  await bundleEntry(ROOT, "functions/api/handler.ts", "handler", bundle);
  const { python } = await ensurePythonTools(ROOT, say);
  const ministack = await startMiniStack({ python, directory: join(directory, "aws") });
  closers.push(() => ministack.stop());
  const dynamodb = await startLocalDynamodb(ministack.endpoint);
  closers.push(() => dynamodb.stop());
  const given = await makeGivens(ministack.endpoint);
  const open = async (size: number) => {
    const table = `bench-${size}`;
    await createTable(new DynamoDBClient({ endpoint: dynamodb.endpoint }), table);
    say(`a store of ${size} environments …`);
    const world = await seed(openDb({ table, endpoint: dynamodb.endpoint }), size);
    const profile =
      options.profile === undefined || size === FEW_ENVIRONMENTS ? {} : { profile: options.profile };
    const at = { dynamodb: dynamodb.endpoint, ministack: ministack.endpoint };
    const api = await openOurApi({
      bundle: join(bundle, "handler.mjs"),
      table,
      world,
      ...at,
      ...given,
      ...profile,
    });
    closers.push(() => api.stop());
    return api;
  };
  const many = await open(environments);
  const few = await open(FEW_ENVIRONMENTS);
  const peer = options.withPeer
    ? await openPeer(
        { venv: join(ROOT, ".local", "venv-peer"), python, home: join(directory, "peer") },
        environments,
      )
    : null;
  if (peer) closers.push(() => peer.stop());
  const measured = await runRounds({ many, few, peer }, options, say);
  const load = loadavg()[0]?.toFixed(1);
  console.log(
    `\n${environments} environments over ${dynamodb.name}; ${rounds} rounds in turns; ${cpus().length} processors, load ${load}\n`,
  );
  const { text, within } = report(measured);
  console.log(`${text}\n`);
  return within;
}

function say(line: string): void {
  console.error(`  ${line}`);
}
