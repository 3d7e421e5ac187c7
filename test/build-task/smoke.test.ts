import { mkdir } from "node:fs/promises";
import { beforeAll, expect, test } from "vitest";
import { openEngine } from "#adapters/conda/open-engine.ts";
import { runCommand } from "#adapters/process/command.ts";
import { smoke } from "#build-task/smoke/smoke.ts";
import type { LockedPackage } from "#core/lock/lock.ts";
import type { Engine } from "#core/ports.ts";
import { ensurePythonTools } from "#local/python.ts";
import { runProgram } from "#test/kit/run-program.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const PROGRAM = `${ROOT}build-task/smoke/main.ts`;
let python: string;
let engine: Engine;

beforeAll(async () => {
  ({ python } = await ensurePythonTools(ROOT, () => {}));
  const { signal } = new AbortController();
  engine = await openEngine({ kind: "rattler", program: python, run: runCommand, signal });
});

/** Engines with one fault each, around a real one. */
const FAULTS: readonly [what: string, fault: () => Engine, said: RegExp][] = [
  [
    "forgets dependencies",
    () => ({
      ...engine,
      solve: async (...asked) => (await engine.solve(...asked)).filter(({ name }) => name === "smoke"),
    }),
    /^solved: smoke$/m,
  ],
  [
    "links nothing",
    () => ({ ...engine, install: async ({ prefix }) => void (await mkdir(prefix)) }),
    /bin\/smoke/,
  ],
  [
    "takes whatever the channel serves",
    () => {
      let solved: readonly LockedPackage[] = [];
      return {
        ...engine,
        solve: async (...asked) => {
          solved = await engine.solve(...asked);
          return [...solved];
        },
        install: (request, run) => engine.install({ ...request, packages: solved }, run),
      };
    },
    /a package that is not what the lock names is installed/,
  ],
];

test.each(FAULTS)("an image whose engine %s is not made", async (_, fault, said) => {
  await expect(smoke(fault(), python)).rejects.toThrow(said);
});

test("an image without an engine, or without conda-pack, is not made, and the log says why", async () => {
  const noEngine = await runProgram(process.execPath, [PROGRAM, "mamba", "/bin/true", python], {});
  expect(noEngine).toMatchObject({ code: 1, stderr: expect.stringContaining("/bin/true is no mamba") });
  const noPack = await runProgram(process.execPath, [PROGRAM, "rattler", python, "/usr/bin/python3"], {});
  expect(noPack).toMatchObject({ code: 1, stderr: expect.stringContaining("conda_pack") });
});
