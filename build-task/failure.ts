/**
 * How a build ends badly, and who is to be told what.
 * @module
 */

import { describeMiB } from "#core/build/task-size.ts";
import type { TryCause } from "#core/build/tries.ts";
import { EngineError } from "#core/ports.ts";

/** The environment cannot be built. `message` is a sentence for the user: what happened and what to do. */
export class BuildFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "BuildFailure";
  }
}

/** The task must stop before it knows whether the environment can be built: another attempt may end otherwise. */
export class Undecided extends Error {
  readonly tryCause: TryCause;

  /** @param what what happened, as sentences without advice */
  constructor(tryCause: TryCause, what: string) {
    super(what);
    this.name = "Undecided";
    this.tryCause = tryCause;
  }
}

/** The attempt is another's by now: nothing may be written any more, not even a result. */
export class LeaseLost extends Error {
  constructor() {
    super("The attempt was closed: another one took its place, or the build has ended.");
    this.name = "LeaseLost";
  }
}

const NO_SPACE = /\b(?:ENOSPC|EDQUOT)\b|No space left on device|Disk quota exceeded/;

/** @returns whether a program's line says that a disk is full */
export const saysDiskFull = (line: string): boolean => NO_SPACE.test(line);

/** @returns whether this error, or one that caused it, says that a disk is full */
export function isDiskFull(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = (at as NodeJS.ErrnoException).code;
    if (at instanceof EngineError && at.failure === "disk") return true;
    if (code === "ENOSPC" || code === "EDQUOT" || NO_SPACE.test(at.message)) return true;
  }
  return false;
}

/** `4 GB`, `1.5 GB`, `512 MB` */
export function describeBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const shown = value >= 100 || unit === 0 ? Math.round(value) : Math.round(value * 10) / 10;
  return `${shown} ${units[unit]}`;
}

/** @param memoryMiB the task's limit; null when it has none that is known */
export function outOfMemory(step: string, memoryMiB: number | null): Undecided {
  const size = memoryMiB === null ? "" : ` of ${describeMiB(memoryMiB)}`;
  return new Undecided(
    "memory",
    `The step "${step}" needed more than the task's memory${size} and was killed.`,
  );
}

/** A child that neither we nor the kernel's want of memory ended. */
export function killedByAnother(step: string): BuildFailure {
  return new BuildFailure(
    `A program of the step "${step}" was killed (SIGKILL), and not for want of memory: look in the log for what ` +
      "killed it, and build again.",
  );
}
