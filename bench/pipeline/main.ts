/**
 * `npm run bench -- pipeline`: a whole build against the bare engine.
 * @module
 */
import { statfsSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { LocalError } from "#local/local-error.ts";
import { serveFiles } from "#local/static-files.ts";
import { type BenchPlace, runBench } from "../run-bench.ts";
import { openStage, say } from "../stage.ts";
import { runAgain } from "./again.ts";
import { openBareEngine } from "./bare-engine.ts";
import { makeCrowd } from "./crowd.ts";
import { type EnvironmentKind, type PipelineOptions, parseOptions, USAGE } from "./options.ts";
import { type Report, reportAgain, reportBuild } from "./report.ts";
import { type BenchRequest, runRounds } from "./rounds.ts";

/** On disk, of one round: packages and environments of both, and the published copy. */
const ROUND_BYTES: Readonly<Record<EnvironmentKind, number>> = { small: 1e9, medium: 2e9, large: 4e9 };

/** @returns whether every environment was within its budgets; also after `--help` */
export const benchPipeline = (args: readonly string[]): Promise<boolean> =>
  runBench(args, { usage: USAGE, parseOptions, measure });

async function measure(options: PipelineOptions, { directory, closers }: BenchPlace): Promise<boolean> {
  const { rounds, environments, parts, records, engine: wanted, verbose } = options;
  mustFit(directory, options);
  const { setup, demo, channel } = await openStage({ directory, engine: wanted, closers });
  const bare = await openBareEngine(setup.engine);
  const request = (
    name: string,
    environment: EnvironmentKind,
    channels: readonly string[],
  ): BenchRequest => ({
    ...{ setup, engine: bare, name, channels, rounds, log: say, directory: join(directory, name) },
    packages: demo.environments[environment] ?? [],
    onBuild: ({ log }) => {
      if (verbose) for (const line of log) say(`${line.at} [${line.step}] ${line.text}`);
    },
  });
  console.log(`engine: ${bare.name}; ${cpus().length} processors; ${rounds} rounds in turns`);
  const verdicts: boolean[] = [];
  const show = ({ text, within }: Report): void => {
    console.log(`\n${text}\n`);
    verdicts.push(within);
  };
  for (const name of parts.includes("build") ? environments : []) {
    const measured = await runRounds(request(name, name, [channel]));
    const bytes = measured.rounds[0]?.ours.build.sizeBytes ?? 0;
    const size = `${measured.packages} packages, ${Math.round(bytes / 1e6)} MB`;
    show(reportBuild(`${name}: ${size}, empty caches, by ${bare.name}`, measured.rounds));
  }
  if (parts.includes("again")) {
    const crowd = join(directory, "crowd");
    await makeCrowd(crowd, setup.platform, records);
    const crowdServer = await serveFiles(crowd, { host: "127.0.0.1", port: 0, mount: "/crowd" });
    closers.push(() => crowdServer.close());
    const again = await runAgain(request("again", "small", [channel, crowdServer.url]));
    const index = `index of ${records} further records`;
    show(reportAgain(`the same specification again: small, ${index}, by ${bare.name}`, again));
  }
  return verdicts.every((within) => within);
}

/** Every round's trees stay until the end. */
function mustFit(directory: string, { rounds, environments }: PipelineOptions): void {
  const { bavail, bsize } = statfsSync(directory);
  const needed = rounds * environments.reduce((sum, name) => sum + ROUND_BYTES[name], 0);
  if (bavail * bsize > needed) return;
  const gigabytes = Math.ceil(needed / 1e9);
  throw new LocalError(`${tmpdir()} has less than ${gigabytes} GB free: set TMPDIR to a larger disk.`);
}
