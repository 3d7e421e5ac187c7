/**
 * Sizes of build tasks that Fargate has, and those that a build goes through.
 * @module
 */

export interface TaskSize {
  /** 1024 to a vCPU. */
  readonly cpuUnits: number;
  readonly memoryMiB: number;
}

const GB = 1024;

/** Most environments fit into the first; solving conda-forge as a whole, or compiling for pip, may take the others. */
export const TASK_SIZES: readonly [TaskSize, ...TaskSize[]] = [
  { cpuUnits: 1024, memoryMiB: 4 * GB },
  { cpuUnits: 1024, memoryMiB: 8 * GB },
  { cpuUnits: 2048, memoryMiB: 16 * GB },
  { cpuUnits: 4096, memoryMiB: 30 * GB },
];

interface Range {
  readonly least: number;
  readonly most: number;
  readonly step: number;
}

/** Memory by CPU units, as Fargate for Linux offers it. */
const OFFERED: Readonly<Record<number, Range>> = {
  512: { least: GB, most: 4 * GB, step: GB },
  1024: { least: 2 * GB, most: 8 * GB, step: GB },
  2048: { least: 4 * GB, most: 16 * GB, step: GB },
  4096: { least: 8 * GB, most: 30 * GB, step: GB },
  8192: { least: 16 * GB, most: 60 * GB, step: 4 * GB },
  16384: { least: 32 * GB, most: 120 * GB, step: 8 * GB },
};

/** What is wrong with a list of sizes, as the end of a sentence about it; null when nothing is. */
export function faultOfSizes(sizes: readonly TaskSize[]): string | null {
  if (sizes.length === 0) return "must have at least one size";
  for (const [i, { cpuUnits, memoryMiB }] of sizes.entries()) {
    const offered = OFFERED[cpuUnits];
    const place = `must have at place ${i}`;
    if (!offered) return `${place} CPU units that Fargate has: ${Object.keys(OFFERED).join(", ")}`;
    const { least, most, step } = offered;
    if (memoryMiB < least || memoryMiB > most || (memoryMiB - least) % step !== 0) {
      return `${place} memory that Fargate has with ${cpuUnits} CPU units: ${least} to ${most} MiB in steps of ${step}`;
    }
    if (memoryMiB <= (sizes[i - 1]?.memoryMiB ?? 0)) return `${place} more memory than before it`;
  }
  return null;
}

/** The first with more memory than that; the largest where none has. */
export const sizeBeyond = (sizes: readonly [TaskSize, ...TaskSize[]], memoryMb: number): TaskSize =>
  sizes.find(({ memoryMiB }) => memoryMiB > memoryMb) ?? sizes.reduce((_, last) => last);

/** @throws Error that says which size is wrong and what would be right */
export function checkTaskSizes(
  sizes: readonly TaskSize[],
): asserts sizes is readonly [TaskSize, ...TaskSize[]] {
  const fault = faultOfSizes(sizes);
  if (fault !== null) throw new Error(`taskSizes ${fault}.`);
}
