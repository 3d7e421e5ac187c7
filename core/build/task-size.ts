/**
 * Sizes of build tasks: the classes that a build goes through when its memory does not suffice. Pure.
 * @module
 */
import * as v from "valibot";

/** A pair that ECS allows. */
export interface TaskSize {
  /** 1024 to a vCPU. */
  readonly cpuUnits: number;
  readonly memoryMiB: number;
}

/** By memory, smallest first; never empty. */
export type TaskSizes = readonly [TaskSize, ...TaskSize[]];

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const Sizes = v.pipe(
  v.array(v.strictObject({ cpuUnits: whole, memoryMiB: whole })),
  v.check((sizes) => sizes.every(({ memoryMiB }, i) => memoryMiB > (sizes[i - 1]?.memoryMiB ?? 0))),
);

/** @returns null unless it is a list of sizes, each with more memory than the one before */
export function taskSizesOf(value: unknown): TaskSizes | null {
  const result = v.safeParse(Sizes, value);
  const [first, ...others] = result.success ? result.output : [];
  return first ? [first, ...others] : null;
}

/** The smallest with at least this memory; the largest where none has it. */
export const sizeFor = (sizes: TaskSizes, memoryMiB: number): TaskSize =>
  sizes.find((size) => size.memoryMiB >= memoryMiB) ?? sizes.at(-1) ?? sizes[0];

/** The next larger one; null behind the largest. */
export const largerThan = (sizes: TaskSizes, { memoryMiB }: TaskSize): TaskSize | null =>
  sizes.find((size) => size.memoryMiB > memoryMiB) ?? null;

/** `4 GB`, `512 MB`: as ECS and its users call them. */
export const describeMiB = (memoryMiB: number): string =>
  memoryMiB % 1024 === 0 ? `${memoryMiB / 1024} GB` : `${memoryMiB} MB`;

/** What builds of an environment were found to need, so that the next begins with it. */
export interface MemoryNeed {
  /** 0: the smallest task will do. */
  readonly memoryMiB: number;
  /** Packages shrink, requirements change: from then on the smallest is tried again. Null where nothing is known. */
  readonly until: Date | null;
}

export const NO_NEED: MemoryNeed = { memoryMiB: 0, until: null };

const REMEMBERED_DAYS = 30;

/** Memory for a build that is posted now. */
export const needAt = ({ memoryMiB, until }: MemoryNeed, at: Date): number =>
  until !== null && at < until ? memoryMiB : 0;

/**
 * What is known after a build completed.
 * @param build memory that its task had at least, and how many tasks had too little before
 */
export function needAfter(
  before: MemoryNeed,
  build: { readonly memoryMiB: number; readonly ranOut: number },
  at: Date,
): MemoryNeed {
  if (build.memoryMiB === 0) return NO_NEED;
  if (build.ranOut === 0) return before;
  return { memoryMiB: build.memoryMiB, until: new Date(at.getTime() + REMEMBERED_DAYS * 86_400_000) };
}
