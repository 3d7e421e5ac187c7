/**
 * Once before all test files: what they share is made by one process, not by several at the same time.
 * @module
 */
import { ensurePythonTools } from "#local/python.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

export async function setup(): Promise<void> {
  await ensurePythonTools(ROOT, (line) => console.log(line));
}
