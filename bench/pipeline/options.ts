/**
 * What is asked of the pipeline's bench.
 * @module
 */
import { LocalError } from "#local/local-error.ts";
import { valuesOf } from "../run-bench.ts";

/** `medium` has about 40 packages, `large` unpacks to more than 300 MB. */
const ENVIRONMENTS = ["small", "medium", "large"] as const;
export type EnvironmentKind = (typeof ENVIRONMENTS)[number];

export interface PipelineOptions {
  readonly rounds: number;
  readonly environments: readonly EnvironmentKind[];
  /** `rattler`, or the path of a mamba or micromamba; undefined takes the first that is found. */
  readonly engine: string | undefined;
  readonly parts: readonly (typeof PARTS)[number][];
  /** Of the index that a repetition's solve reads, beside the demo channel's own. */
  readonly records: number;
  /** Print every line of the builds' logs. */
  readonly verbose: boolean;
}

/** About what conda-forge has for linux-64. */
const RECORDS = 500_000;
const PARTS = ["build", "again"] as const;

export const USAGE = `usage: npm run bench -- pipeline [OPTION …]

A whole build, claim to COMPLETED, against the bare engine's own create of the same lock: same engine, same .pyc policy,
empty caches, rounds in turns. Then the same specification again against one solve.

  --env NAME         small, medium (about 40 packages) or large (more than 300 MB); may be repeated [medium large]
  --rounds N         3 or more [3]
  --engine KIND      mamba or rattler [the first that is found: mamba, micromamba, py-rattler]
  --program PATH     the engine's program, with --engine mamba [the one on PATH]
  --only PART        build, or again: the same specification again [both]
  --records N        of the index that a repetition's solve reads beside the demo channel's own [${RECORDS}]
  --verbose          print the builds' logs
  --help             this text`;

const ROUNDS_MIN = 3;

const OPTIONS = {
  env: { type: "string", multiple: true },
  rounds: { type: "string" },
  only: { type: "string" },
  records: { type: "string" },
  engine: { type: "string" },
  program: { type: "string" },
  verbose: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * @param args what follows the bench's name
 * @returns null when only the usage is wanted
 * @throws LocalError one line that says what is wrong
 */
export function parseOptions(args: readonly string[]): PipelineOptions | null {
  const values = valuesOf(args, OPTIONS);
  if (values.help) return null;
  const rounds = Number(values.rounds ?? ROUNDS_MIN);
  if (!Number.isInteger(rounds) || rounds < ROUNDS_MIN) {
    throw new LocalError(
      `--rounds must be a whole number from ${ROUNDS_MIN} up: a median of fewer says nothing.`,
    );
  }
  const records = Number(values.records ?? RECORDS);
  if (!Number.isInteger(records) || records < 0) throw new LocalError("--records must be a whole number.");
  const { only } = values;
  const parts = PARTS.filter((part) => only === undefined || part === only);
  if (parts.length === 0)
    throw new LocalError(`--only ${only} is unknown: choose one of ${PARTS.join(", ")}.`);
  return {
    rounds,
    parts,
    records,
    environments: (values.env ?? ["medium", "large"]).map(toEnvironment),
    engine: engineOf(values.engine, values.program),
    verbose: values.verbose ?? false,
  };
}

function toEnvironment(name: string): EnvironmentKind {
  const found = ENVIRONMENTS.find((each) => each === name);
  if (found) return found;
  throw new LocalError(`--env ${name} is unknown: choose one of ${ENVIRONMENTS.join(", ")}.`);
}

function engineOf(kind: string | undefined, program: string | undefined): string | undefined {
  if (kind !== undefined && kind !== "mamba" && kind !== "rattler") {
    throw new LocalError(`--engine ${kind} is unknown: choose mamba or rattler.`);
  }
  if (kind === "rattler") {
    if (program === undefined) return "rattler";
    throw new LocalError("--program names a mamba: leave it out with --engine rattler.");
  }
  if (kind === "mamba" && program === undefined) {
    throw new LocalError("--engine mamba wants --program PATH, or leave both out to take the one on PATH.");
  }
  return program;
}
