/**
 * solve: from requirements to exact packages, by the engine; a posted lockfile needs no solve.
 * @module
 */
import { join } from "node:path";
import type { Lock } from "#core/lock/lock.ts";
import { parseCondaLock } from "#core/lock/parse-conda-lock.ts";
import { redact } from "#core/redact.ts";
import { BuildFailure } from "../failure.ts";
import type { Mirror } from "../mirror/mirror.ts";
import type { StepContext, Task } from "../task.ts";

export interface SolveInput {
  readonly specs: readonly string[];
  /** True addresses in priority order. */
  readonly channels: readonly string[];
  readonly platform: string;
  readonly virtualPackages: Readonly<Record<string, string>>;
}

/** @throws EngineError; BuildFailure when a channel's own trouble explains it better */
export async function solve(task: Task, step: StepContext, mirror: Mirror, input: SolveInput): Promise<Lock> {
  const { specs, channels, platform, virtualPackages } = input;
  if (specs.length === 0) {
    throw new BuildFailure("The specification asks for no conda package: add one to dependencies.");
  }
  const engine = await task.engine;
  step.line(`${engine.name}: ${specs.join(", ")}`);
  step.line(`channels: ${redact(channels.join(", "))}`);
  step.line(`platform: ${platform}; assumed: ${describeVirtual(virtualPackages)}`);
  const { builder } = task.strangers;
  const workDirectory = await builder.makeInbox(join(task.paths.work, "solve"));
  const home = await builder.makeHome(join(workDirectory, "home"));
  try {
    const packages = await engine.solve(
      { specs, channels: channels.map((url) => mirror.addressOf(url)), platform, virtualPackages },
      { workDirectory, home, token: mirror.token, signal: step.signal, run: builder.run, onLine: step.line },
    );
    step.line(`${packages.length} packages`);
    return { platform, channels, virtualPackages, packages, pipPackages: [] };
  } catch (error) {
    throw mirror.explain(error);
  }
}

/**
 * @param whose what the lockfile is, for the log
 * @throws AppError naming what is wrong with the lockfile
 */
export function readLockfile(step: StepContext, document: unknown, platform: string, whose: string): Lock {
  const lock = parseCondaLock(document, platform);
  const pip = lock.pipPackages.length > 0 ? ` and ${lock.pipPackages.length} of pip` : "";
  step.line(`${whose} with ${lock.packages.length} packages${pip} for ${platform}: nothing is solved`);
  return lock;
}

function describeVirtual(virtualPackages: Readonly<Record<string, string>>): string {
  return Object.entries(virtualPackages)
    .map(([name, version]) => `${name}=${version}`)
    .join(", ");
}
