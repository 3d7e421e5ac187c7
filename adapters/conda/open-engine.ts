/**
 * Opens an engine by kind and program.
 * @module
 */

import { basename, join } from "node:path";
import type { Command, CommandResult, Engine, RunCommand } from "#core/ports.ts";
import { endError } from "./failure.ts";
import { mambaEngine } from "./mamba/mamba-engine.ts";
import { RATTLER_PROGRAM, rattlerEngine } from "./rattler/rattler-engine.ts";

export interface OpenEngineOptions {
  readonly kind: "mamba" | "rattler";
  /** mamba or micromamba, or a Python with py-rattler; absolute. */
  readonly program: string;
  readonly run: RunCommand;
  readonly signal: AbortSignal;
  /** The folder with engine.py where this module is bundled into one file. */
  readonly rattlerProgram?: string;
}

const MAMBA_MAJOR_MIN = 2;
const VERSION_BYTES_MAX = 64 * 1024;

/**
 * Asks the program for its version and gives its engine.
 * @throws Error one line: the program cannot be started, is no engine, or is too old; EngineError when it was killed.
 */
export async function openEngine(options: OpenEngineOptions): Promise<Engine> {
  return options.kind === "mamba" ? openMamba(options) : openRattler(options);
}

async function openMamba({ program, run, signal }: OpenEngineOptions): Promise<Engine> {
  const answer = ask(program, ["--version"], run, signal);
  // Only an install needs to know: nobody waits for it here, and a failure is told by the answer above.
  const hasSkipFlag = ask(program, ["create", "--help"], run, signal).then(
    ({ stdout }) => stdout.includes("--skip-run-link-scripts"),
    () => false,
  );
  const result = await answer;
  const version = /^(?:\w+ )?(\d+)\.\d+\.\d+\S*$/m.exec(result.stdout);
  if (result.code !== 0 || version === null) {
    throw new Error(`${program} is no mamba: it answers --version with ${lastLine(result)}.`);
  }
  if (Number(version[1]) < MAMBA_MAJOR_MIN) {
    throw new Error(
      `${program} is mamba ${version[0]}, too old: version ${MAMBA_MAJOR_MIN} or newer is needed.`,
    );
  }
  const number = version[0].split(" ").at(-1);
  const name = basename(program).startsWith("micromamba") ? "micromamba" : "mamba";
  return mambaEngine({ program, name: `${name} ${number}`, hasSkipFlag });
}

async function openRattler({
  program,
  run,
  signal,
  rattlerProgram = RATTLER_PROGRAM,
}: OpenEngineOptions): Promise<Engine> {
  const result = await ask(
    program,
    ["-E", "-s", "-B", join(rattlerProgram, "engine.py")],
    run,
    signal,
    '{"action":"version"}',
  );
  const version = /"version":"([^"]+)"/.exec(result.stdout)?.[1];
  if (version === undefined) {
    throw new Error(
      `${program} has no py-rattler: install it there, or name another Python (${lastLine(result)}).`,
    );
  }
  return rattlerEngine({ python: program, version, program: rattlerProgram });
}

/** @throws EngineError when the program was killed: that says nothing about what it is. */
async function ask(
  program: string,
  args: readonly string[],
  run: RunCommand,
  signal: AbortSignal,
  stdin = "",
): Promise<CommandResult> {
  const command: Command = {
    program,
    args,
    env: { HOME: "/nonexistent", LANG: "C.UTF-8", PATH: "/usr/bin:/bin" },
    cwd: "/",
    stdin,
    captureBytesMax: VERSION_BYTES_MAX,
  };
  const result = await run(command, signal);
  const killed = endError(result);
  if (killed) throw killed;
  return result;
}

function lastLine(result: CommandResult): string {
  return (result.stderr || result.stdout).trim().split("\n").at(-1) || `exit code ${result.code}`;
}
