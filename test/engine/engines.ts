/**
 * The engines this machine has.
 * @module
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { openEngine } from "#adapters/conda/open-engine.ts";
import { runCommand } from "#adapters/process/command.ts";
import type { Engine } from "#core/ports.ts";
import { ensurePythonTools } from "#local/python.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
/** Programs by path, separated as in PATH; set by `npm run test:engine -- --engine PATH`. */
export const ENGINES_VARIABLE = "CONDA_STORE_TEST_ENGINES";
const NAMES = ["mamba", "micromamba"];

export interface EngineUnderTest {
  readonly name: string;
  readonly engine: Engine;
  /** How a build task is told to use it: kind and program. */
  readonly kind: "mamba" | "rattler";
  readonly program: string;
}

/** A Python with py-rattler, the project's own. */
export async function rattlerPython(): Promise<string> {
  return (await ensurePythonTools(ROOT, () => {})).python;
}

/**
 * py-rattler always; mamba and micromamba from the variable, or else from PATH.
 * @returns also the names of those that are not here.
 */
export async function findEngines(): Promise<{ engines: EngineUnderTest[]; missing: string[] }> {
  const named = (process.env[ENGINES_VARIABLE] ?? "").split(delimiter).filter(Boolean);
  const onPath = NAMES.map((name) => ({ name, path: which(name) }));
  const programs = named.length > 0 ? named : onPath.flatMap(({ path }) => path ?? []);
  const { signal } = new AbortController();
  const open = async (kind: EngineUnderTest["kind"], program: string): Promise<EngineUnderTest> => {
    const engine = await openEngine({ kind, program, run: runCommand, signal });
    return { name: engine.name, engine, kind, program };
  };
  const engines = [
    await open("rattler", await rattlerPython()),
    ...(await Promise.all(programs.map((program) => open("mamba", program)))),
  ];
  return { engines, missing: programs.length > 0 ? [] : NAMES };
}

function which(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
