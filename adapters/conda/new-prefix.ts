/**
 * A prefix is made whole or not at all.
 * @module
 */
import { readdir, rm } from "node:fs/promises";
import { internalError } from "./failure.ts";

/**
 * Runs the work that makes the prefix, and removes what it left there if it fails.
 * @throws EngineError internal if something other than an empty directory is there: engines link over it and say nothing.
 */
export async function makeWhole(prefix: string, work: () => Promise<void>): Promise<void> {
  const found = await readdir(prefix).catch((error: NodeJS.ErrnoException) =>
    error.code === "ENOENT" ? [] : null,
  );
  if (found === null || found.length > 0) throw internalError(`${prefix} is there already`);
  try {
    await work();
  } catch (error) {
    // The failure is the news; what cannot be removed is in the way of the next try, which says so.
    await rm(prefix, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}
