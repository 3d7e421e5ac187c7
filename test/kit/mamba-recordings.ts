/**
 * The recorded calls of a real mamba, and a runner that answers by them.
 * @module
 */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import * as v from "valibot";
import type { Command, CommandResult, RunCommand } from "#core/ports.ts";

const REPLAY = fileURLToPath(new URL("./replay-mamba.mjs", import.meta.url));
const FILE = new URL("../fixtures/mamba/cases.jsonl.gz", import.meta.url);

const recording = v.object({
  name: v.string(),
  title: v.string(),
  argv: v.nullable(v.array(v.string())),
  env: v.record(v.string(), v.string()),
  exitCode: v.nullable(v.number()),
  signal: v.nullable(v.string()),
  stdout: v.string(),
  stderr: v.string(),
  condaMeta: v.nullable(v.number()),
  files: v.record(v.string(), v.string()),
});
export type Recording = v.InferOutput<typeof recording>;

/** All of them, by name, in order. */
export function readRecordings(): ReadonlyMap<string, Recording> {
  const lines = gunzipSync(readFileSync(FILE)).toString("utf8").trimEnd().split("\n");
  return new Map(lines.map((line) => v.parse(recording, JSON.parse(line))).map((one) => [one.name, one]));
}

/** How the recorded call ended, as a runner of commands tells it. */
export function resultOf(one: Recording): CommandResult {
  return { code: one.exitCode, signal: one.signal, stdout: one.stdout, stderr: one.stderr, killed: false };
}

/** Answers each command with the recording that the function names; placeholders are left as they are. */
export function replaying(choose: (command: Command) => Recording): RunCommand {
  return async (command) => {
    const result = resultOf(choose(command));
    for (const name of ["stdout", "stderr"] as const) {
      for (const line of result[name].split("\n").slice(0, -1)) command.onLine?.(line, name);
    }
    return result;
  };
}

/**
 * Writes a program `mamba` that can only replay. The adapter's PATH has no node, so it is started by its address.
 * @returns its path
 */
export async function writeReplayProgram(directory: string): Promise<string> {
  const program = join(directory, "mamba");
  await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${REPLAY}" "$@"\n`, { mode: 0o755 });
  return program;
}
