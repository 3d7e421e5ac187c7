/**
 * The engine by itself: the adapter's own call straight from the channel, of which only the program's seconds count.
 * @module
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openEngine } from "#adapters/conda/open-engine.ts";
import { runCommand } from "#adapters/process/command.ts";
import type { Lock } from "#core/lock/lock.ts";
import type { Engine, EngineRun, RunCommand } from "#core/ports.ts";
import type { LocalEngine } from "#local/engine.ts";
import { LocalError } from "#local/local-error.ts";
import { childrenCpuSeconds } from "../cpu.ts";

export interface BareCreate {
  /** Download, unpack and link. */
  readonly createSeconds: number;
  /** Of the same files, in the same mode as a build's. */
  readonly compileSeconds: number;
  readonly cpuSeconds: number;
}

const never = new AbortController().signal;

export async function openBareEngine({ kind, program }: LocalEngine): Promise<Engine> {
  return await openEngine({ kind, program, run: runCommand, signal: never });
}

/**
 * Makes the lock's environment with empty caches below `home`.
 * @param prefix as long as that of a build, since paths of it are written into files
 * @throws EngineError; LocalError when the byte code cannot be made
 */
export async function createBare(
  engine: Engine,
  lock: Lock,
  home: string,
  prefix: string,
): Promise<BareCreate> {
  const cpuBefore = childrenCpuSeconds();
  const timed = timedRun();
  const packageCache = join(home, "packages");
  await mkdir(packageCache, { recursive: true });
  await mkdir(join(prefix, ".."), { recursive: true });
  const channels = [...new Set(lock.packages.map(({ channel }) => channel))];
  await engine.install(
    {
      packages: lock.packages,
      channels: channels.map((url) => ({ url, address: url })),
      platform: lock.platform,
      prefix,
      packageCache,
    },
    await runBelow(home, timed.run),
  );
  const createSeconds = timed.seconds();
  const compileSeconds = await compileBare(lock, home, prefix);
  return { createSeconds, compileSeconds, cpuSeconds: childrenCpuSeconds() - cpuBefore };
}

/** One solve with empty caches. @returns the program's seconds */
export async function solveBare(
  engine: Engine,
  lock: Lock,
  specs: readonly string[],
  home: string,
): Promise<number> {
  const timed = timedRun();
  await engine.solve(
    {
      specs,
      channels: lock.channels.map((url) => ({ url, address: url })),
      platform: lock.platform,
      virtualPackages: lock.virtualPackages,
    },
    await runBelow(home, timed.run),
  );
  return timed.seconds();
}

/** By the standard library's own program with two workers, which is how mamba and conda make byte code. */
async function compileBare(lock: Lock, home: string, prefix: string): Promise<number> {
  const python = lock.packages.find(({ name }) => name === "python");
  const minor = /^\d+\.\d+/.exec(python?.version ?? "")?.[0];
  if (minor === undefined)
    throw new LocalError("The environment has no python, so there is nothing to compare.");
  const timed = timedRun();
  const { code, stderr } = await timed.run(
    {
      program: join(prefix, "bin", "python"),
      args: [
        ...["-I", "-S", "-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash"],
        join("lib", `python${minor}`, "site-packages"),
      ],
      cwd: prefix,
      env: { PATH: "/usr/bin:/bin", HOME: home, TMPDIR: home, LANG: "C.UTF-8" },
    },
    never,
  );
  // 1: some files are for another python; a build passes over them too.
  if (code !== 0 && code !== 1) throw new LocalError(`The byte code was not made: ${stderr.trim()}`);
  return timed.seconds();
}

async function runBelow(home: string, run: RunCommand): Promise<EngineRun> {
  const workDirectory = join(home, "work");
  await mkdir(workDirectory, { recursive: true });
  return { workDirectory, home: workDirectory, signal: never, run, onLine: () => {} };
}

/** Sums what programs take from their start to their end. */
function timedRun(): { run: RunCommand; seconds: () => number } {
  let milliseconds = 0;
  return {
    async run(command, signal) {
      const started = performance.now();
      const result = await runCommand(command, signal);
      milliseconds += performance.now() - started;
      return result;
    },
    seconds: () => milliseconds / 1000,
  };
}
