/**
 * What the image's build ends with; see smoke.ts.
 *
 *     node smoke.mjs mamba|rattler PROGRAM PYTHON
 *
 * @module
 */
import { openEngine } from "#adapters/conda/open-engine.ts";
import { runCommand } from "#adapters/process/command.ts";
import { smoke } from "./smoke.ts";

const [kind, program, packPython] = process.argv.slice(2);
if ((kind !== "mamba" && kind !== "rattler") || !program || !packPython) {
  throw new Error("usage: node smoke.mjs mamba|rattler PROGRAM PYTHON");
}
const { signal } = new AbortController();
const engine = await openEngine({ kind, program, run: runCommand, signal });
await smoke(engine, packPython);
process.stdout.write(`${engine.name} solves, checks and links, and conda-pack packs.\n`);
