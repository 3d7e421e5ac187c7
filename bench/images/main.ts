/**
 * `npm run bench -- images`: what images of environments cost that share most of their packages, against one fat layer each.
 * @module
 */
import { chmodSync, mkdtempSync, statfsSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LocalError } from "#local/local-error.ts";
import { removeTree } from "#local/run-task/launch.ts";
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

/** @returns whether all was within its budgets; also after `--help` */
export async function benchImages(args: readonly string[]): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), "conda-store-bench-"));
  chmodSync(directory, 0o711);
  const closers: (() => Promise<void>)[] = [];
  try {
    const options = parseOptions(args);
    if (options === null) {
      console.log(USAGE);
      return true;
    }
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
  } catch (error) {
    if (!(error instanceof LocalError)) throw error;
    console.error(error.message);
    return false;
  } finally {
    for (const close of closers.reverse()) await close();
    removeTree(directory);
  }
}

/** @throws LocalError one line that says what is wrong */
export function parseOptions(args: readonly string[]): { rounds: number; verbose: boolean } | null {
  const values = valuesOf(args);
  if (values.help) return null;
  const rounds = Number(values.rounds ?? ROUNDS);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new LocalError("--rounds must be a whole number from 1 up.");
  return { rounds, verbose: values.verbose ?? false };
}

function valuesOf(args: readonly string[]) {
  try {
    const options = {
      rounds: { type: "string" },
      verbose: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new LocalError(`${error instanceof Error ? error.message : String(error)} Try --help.`);
  }
}
