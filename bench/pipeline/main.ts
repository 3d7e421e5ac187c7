/**
 * `npm run bench -- pipeline`: a whole build against the bare engine.
 * @module
 */
import { mkdtempSync, statfsSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { makeDemoChannel, serveDemoChannel } from "#local/demo-channel.ts";
import { chooseEngine, platform } from "#local/engine.ts";
import { LocalError } from "#local/local-error.ts";
import { ensurePythonTools } from "#local/python.ts";
import { removeTree } from "#local/run-task/launch.ts";
import { bundleAll } from "#scripts/bundle.ts";
import { openBareEngine } from "./bare-engine.ts";
import { startLocalAws } from "./local-aws.ts";
import { type EnvironmentKind, type PipelineOptions, parseOptions, USAGE } from "./options.ts";
import { report } from "./report.ts";
import { runRounds } from "./rounds.ts";

/** On disk, of one round: packages and environments of both, and the published copy. */
const ROUND_BYTES: Readonly<Record<EnvironmentKind, number>> = { small: 1e9, medium: 2e9, large: 4e9 };
const ROOT = join(import.meta.dirname, "..", "..");

/** @returns whether every environment was within its budgets; also after `--help` */
export async function benchPipeline(args: readonly string[]): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), "conda-store-bench-"));
  const closers: (() => Promise<void>)[] = [];
  try {
    const options = parseOptions(args);
    if (options === null) {
      console.log(USAGE);
      return true;
    }
    mustFit(directory, options);
    return await bench(options, directory, closers);
  } catch (error) {
    if (!(error instanceof LocalError)) throw error;
    console.error(error.message);
    return false;
  } finally {
    for (const close of closers.reverse()) await close();
    removeTree(directory);
  }
}

async function bench(
  { rounds, environments, engine: wanted, verbose }: PipelineOptions,
  directory: string,
  closers: (() => Promise<void>)[],
): Promise<boolean> {
  const { python } = await ensurePythonTools(ROOT, say);
  const engine = await chooseEngine({
    root: ROOT,
    python,
    log: say,
    ...(wanted === undefined ? {} : { wanted }),
  });
  const bare = await openBareEngine(engine);
  const into = join(ROOT, ".local", "demo-channel-large");
  const channel = await makeDemoChannel({ python, into, log: say, large: true });
  const server = await serveDemoChannel(channel.directory, { host: "127.0.0.1", port: 0 });
  closers.push(() => server.close());
  const bundles = join(directory, "bundles");
  await bundleAll(ROOT, bundles);
  const aws = await startLocalAws(python, join(directory, "aws"));
  closers.push(() => aws.stop());

  const setup = {
    ...{ aws, engine, python, channelUrl: server.url, platform: platform() },
    settings: { conda_solve_platforms: [platform()], conda_virtual_packages: thisMachine() },
    program: join(bundles, "build-task", "main.mjs"),
  };
  console.log(`engine: ${bare.name}; ${cpus().length} processors; ${rounds} rounds in turns, caches empty`);
  let within = true;
  for (const name of environments) {
    const packages = channel.environments[name] ?? [];
    const result = await runRounds({
      ...{ setup, engine: bare, name, packages, rounds, log: say },
      directory: join(directory, name),
      onBuild: ({ log }) => {
        if (verbose) for (const line of log) say(`${line.at} [${line.step}] ${line.text}`);
      },
    });
    const bytes = result.rounds[0]?.ours.build.sizeBytes ?? 0;
    const title = `${name}: ${result.packages} packages, ${Math.round(bytes / 1e6)} MB, by ${bare.name}`;
    const told = report(title, result);
    console.log(`\n${told.text}\n`);
    within = told.within && within;
  }
  return within;
}

/** Every round's trees stay until the end. */
function mustFit(directory: string, { rounds, environments }: PipelineOptions): void {
  const { bavail, bsize } = statfsSync(directory);
  const needed = rounds * environments.reduce((sum, name) => sum + ROUND_BYTES[name], 0);
  if (bavail * bsize > needed) return;
  const gigabytes = Math.ceil(needed / 1e9);
  throw new LocalError(`${tmpdir()} has less than ${gigabytes} GB free: set TMPDIR to a larger disk.`);
}

/** The demo channel is made of what this machine has, which needs this machine's C library. */
function thisMachine(): Record<string, string> {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime === undefined ? {} : { __glibc: header.glibcVersionRuntime };
}

function say(line: string): void {
  console.error(`  ${line}`);
}
