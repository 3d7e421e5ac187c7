/**
 * A program whose output is a stream of bytes, too long to keep.
 * @module
 */
import { createInterface } from "node:readline";
import type { LineSink } from "#core/ports.ts";
import { type GroupLeader, killGroup, startGroup } from "./group.ts";

export interface StreamedCommand {
  /** Standard output. It ends with an error when the program failed, so that half of it is never taken for all. */
  readonly output: AsyncIterable<Uint8Array>;
}

export class StreamedCommandError extends Error {
  readonly code: number | null;
  readonly signal: string | null;
  /** We killed it. */
  readonly killed: boolean;

  constructor(
    program: string,
    code: number | null,
    signal: string | null,
    killed: boolean,
    lastLine: string,
  ) {
    const how = code === null ? `was ended by ${signal}` : `failed with exit code ${code}`;
    super(`${program} ${how}${lastLine === "" ? "" : `: ${lastLine}`}`);
    this.name = "StreamedCommandError";
    this.code = code;
    this.signal = signal;
    this.killed = killed;
  }
}

/**
 * Starts the program as the leader of its own process group, which is killed when the signal aborts and when the reader
 * stops reading early.
 * @param onLine takes the lines of standard error
 */
export function streamCommand(command: GroupLeader, signal: AbortSignal, onLine: LineSink): StreamedCommand {
  return { output: readAll(command, signal, onLine) };
}

async function* readAll(
  command: GroupLeader,
  signal: AbortSignal,
  onLine: LineSink,
): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  const child = startGroup(command, "ignore");
  let killed = false;
  const abort = (): void => {
    killed = true;
    killGroup(child);
  };
  signal.addEventListener("abort", abort, { once: true });
  let lastLine = "";
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (line.trim() !== "") lastLine = line;
    onLine(line, "stderr");
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once("error", (error) =>
      reject(new Error(`${command.program} could not be started: ${error.message}`, { cause: error })),
    );
    child.once("close", (code, endSignal) => resolve({ code, signal: endSignal }));
  });
  ended.catch(() => {});
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const { code, signal: endSignal } = await ended;
    if (code !== 0) throw new StreamedCommandError(command.program, code, endSignal, killed, lastLine);
  } finally {
    signal.removeEventListener("abort", abort);
    killGroup(child);
  }
}
