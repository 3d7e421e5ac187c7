/**
 * One process at a time, told by a file that names its owner.
 * @module
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const LOOK_MS = 100;

/**
 * Runs `work` while no other process that uses the same file does. A file of a process that has died is nobody's.
 * @param onWait told once, when somebody else is at work
 */
export async function withFileLock<T>(
  file: string,
  work: () => Promise<T>,
  onWait: () => void = () => {},
): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  for (let told = false; !take(file); ) {
    if (isStale(file)) rmSync(file, { force: true });
    else {
      if (!told) onWait();
      told = true;
      await pause(LOOK_MS);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function isStale(file: string): boolean {
  try {
    const owner = Number(readFileSync(file, "utf8"));
    // Empty for the moment between making and writing it.
    return owner > 0 && !runs(owner);
  } catch {
    return false;
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
