/**
 * Programs that a machine may lack: their tests skip by name.
 * @module
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const OWN = new URL("../../.local/bin", import.meta.url).pathname;

/** The first of these on PATH, or in the project's own folder; null if there is none. */
export function findProgram(...names: readonly string[]): string | null {
  const folders = [OWN, ...(process.env["PATH"] ?? "").split(delimiter)];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
