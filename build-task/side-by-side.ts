/**
 * Steps that do not need each other, at once.
 * @module
 */
import type { Task } from "./task.ts";

/**
 * Runs all; the first failure stops the others, and is thrown when they have stopped: nothing works on behind a build
 * that has ended.
 */
export async function sideBySide<T extends readonly unknown[]>(
  task: Task,
  works: { readonly [K in keyof T]: (task: Task) => Promise<T[K]> },
): Promise<T> {
  const stop = new AbortController();
  const together: Task = { ...task, signal: AbortSignal.any([task.signal, stop.signal]) };
  const running = works.map(async (work: (task: Task) => Promise<unknown>) => {
    try {
      return await work(together);
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  });
  await Promise.allSettled(running);
  if (stop.signal.aborted) throw stop.signal.reason;
  return (await Promise.all(running)) as unknown as T;
}
