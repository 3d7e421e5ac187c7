/**
 * What every bench does round its measuring: options or usage, a directory of its own, and ending what it began.
 * @module
 */
import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { LocalError } from "#local/local-error.ts";
import { removeTree } from "#local/run-task/launch.ts";

/** What a bench has while it runs. */
export interface BenchPlace {
  /** Goes with all that is in it. */
  readonly directory: string;
  /** What ends what was begun; the last is called first. */
  readonly closers: (() => Promise<unknown>)[];
}

export interface Bench<Options> {
  readonly usage: string;
  /** @returns null when only the usage is wanted. @throws LocalError for options that are none */
  readonly parseOptions: (args: readonly string[]) => Options | null;
  /** @returns whether everything was within its budget. @throws LocalError when this machine lacks something */
  readonly measure: (options: Options, place: BenchPlace) => Promise<boolean>;
}

/** @returns whether everything was within its budget; also after `--help`; false when it could not be measured, which is told */
export async function runBench<Options>(
  args: readonly string[],
  { usage, parseOptions, measure }: Bench<Options>,
): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), "conda-store-bench-"));
  // Builds run as other users, who have to pass through.
  chmodSync(directory, 0o711);
  const closers: BenchPlace["closers"] = [];
  try {
    const options = parseOptions(args);
    if (options !== null) return await measure(options, { directory, closers });
    console.log(usage);
    return true;
  } catch (error) {
    if (!(error instanceof LocalError)) throw error;
    console.error(error.message);
    return false;
  } finally {
    for (const close of closers.reverse()) await close();
    removeTree(directory);
  }
}

/** Values of options by name. @throws LocalError for others */
export function valuesOf<const T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new LocalError(`${error instanceof Error ? error.message : String(error)} Try --help.`);
  }
}
