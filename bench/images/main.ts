/**
 * `npm run bench -- images`: what images of environments cost that share most of their packages, against one fat layer each.
 * @module
 */
import { statfsSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { LocalError } from "#local/local-error.ts";
import { type BenchPlace, runBench, valuesOf } from "../run-bench.ts";
import { openStage, say } from "../stage.ts";
import { countReads } from "./pulls.ts";
import { reportImages } from "./report.ts";
import { environmentsOf, runRound } from "./rounds.ts";

const ROUNDS = 3;
/** On disk, of one round: three environments with their packages and published copies, and their images. */
const ROUND_BYTES = 5e9;

const USAGE = `usage: npm run bench -- images [OPTION …]

Images of three environments of about 40 packages: a first one, a second that shares nine tenths of its packages, and the
first with one package more; against one layer by tar | gzip of each. Then what a pull of a manifest reads.

  --rounds N    each in a namespace of its own, with an empty store of layers [${ROUNDS}]
  --verbose     print the builds' logs
  --help        this text`;

interface Options {
  readonly rounds: number;
  readonly verbose: boolean;
}

/** @returns whether all was within its budgets; also after `--help` */
export const benchImages = (args: readonly string[]): Promise<boolean> =>
  runBench(args, { usage: USAGE, parseOptions, measure });

async function measure(options: Options, { directory, closers }: BenchPlace): Promise<boolean> {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < options.rounds * ROUND_BYTES) {
    throw new LocalError(`${tmpdir()} has too little room: set TMPDIR to a larger disk.`);
  }
  const settings = { build_artifacts: ["LOCKFILE", "DOCKER_MANIFEST"] };
  const { setup, demo, channel } = await openStage({ directory, settings, closers });
  const environments = environmentsOf(demo);
  const rounds = [];
  for (let number = 1; number <= options.rounds; number += 1) {
    const home = join(directory, `round-${number}`);
    const { verbose } = options;
    rounds.push(
      await runRound({ setup, channel, environments, namespace: `images-${number}`, home, verbose, say }),
    );
  }
  const pulls = await countReads(setup.aws, rounds.at(-1)?.builds.first.ours.build);
  const { text, within } = reportImages(rounds, pulls);
  console.log(
    `engine: ${setup.engine.kind}; ${cpus().length} processors; ${rounds.length} rounds\n\n${text}`,
  );
  return within;
}

/** @throws LocalError one line that says what is wrong */
export function parseOptions(args: readonly string[]): Options | null {
  const values = valuesOf(args, {
    rounds: { type: "string" },
    verbose: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) return null;
  const rounds = Number(values.rounds ?? ROUNDS);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new LocalError("--rounds must be a whole number from 1 up.");
  return { rounds, verbose: values.verbose ?? false };
}
