/**
 * `npm run bench -- api`: what a request costs.
 * @module
 */
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { openDb } from "#adapters/dynamodb/db.ts";
import { startMiniStack } from "#local/ministack.ts";
import { ensurePythonTools } from "#local/python.ts";
import { bundleEntry } from "#scripts/bundle.ts";
import { type BenchPlace, runBench } from "../run-bench.ts";
import { makeGivens } from "./givens.ts";
import { createTable, startLocalDynamodb } from "./local-dynamodb.ts";
import { type ApiOptions, FEW_ENVIRONMENTS, parseOptions, USAGE } from "./options.ts";
import { openOurApi } from "./our-api.ts";
import { openPeer } from "./peer.ts";
import { report } from "./report.ts";
import { runRounds } from "./rounds.ts";
import { seed } from "./seed.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** @returns whether every route was within its budget; also after `--help` */
export const benchApi = (args: readonly string[]): Promise<boolean> =>
  runBench(args, { usage: USAGE, parseOptions, measure });

async function measure(options: ApiOptions, { directory, closers }: BenchPlace): Promise<boolean> {
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
