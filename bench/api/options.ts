/**
 * What is asked of the API's bench.
 * @module
 */
import { LocalError } from "#local/local-error.ts";
import { valuesOf } from "../run-bench.ts";

export interface ApiOptions {
  readonly rounds: number;
  /** Of the large store. */
  readonly environments: number;
  /** Each round, route and number of clients. */
  readonly requests: number;
  readonly withPeer: boolean;
  /** A folder for Node's processor profile of the function. */
  readonly profile: string | undefined;
}

const ROUNDS_MIN = 3;
/** Of the small store, which the large one is compared with. */
export const FEW_ENVIRONMENTS = 100;

export const USAGE = `usage: npm run bench -- api [OPTION …]

Processor time, rate and answer times of the ten most used routes: the bundled function over a local DynamoDB, with one
client and with sixteen, in a store of many environments and in one of ${FEW_ENVIRONMENTS}.

  --with-peer          conda-store-server from PyPI over a store as large, in turns; without it the budgets are what it was
                       measured to need
  --environments N     in the large store, more than ${FEW_ENVIRONMENTS} [10000]
  --rounds N           3 or more [3]
  --requests N         each round, route and number of clients [200]
  --profile DIRECTORY  leave a processor profile of the function there
  --help               this text`;

const OPTIONS = {
  "with-peer": { type: "boolean" },
  environments: { type: "string" },
  rounds: { type: "string" },
  requests: { type: "string" },
  profile: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * @param args what follows the bench's name
 * @returns null when only the usage is wanted
 * @throws LocalError one line that says what is wrong
 */
export function parseOptions(args: readonly string[]): ApiOptions | null {
  const values = valuesOf(args, OPTIONS);
  if (values.help) return null;
  return {
    rounds: atLeast(ROUNDS_MIN, "rounds", values.rounds),
    environments: atLeast(FEW_ENVIRONMENTS + 1, "environments", values.environments, 10_000),
    requests: atLeast(20, "requests", values.requests, 200),
    withPeer: values["with-peer"] ?? false,
    profile: values.profile,
  };
}

function atLeast(least: number, name: string, given: string | undefined, otherwise = least): number {
  const value = given === undefined ? otherwise : Number(given);
  if (Number.isInteger(value) && value >= least) return value;
  throw new LocalError(`--${name} must be a whole number from ${least} up.`);
}
