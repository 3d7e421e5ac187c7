/**
 * Runs programs to their end.
 * @module
 */
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { Command, CommandResult, LineSink, RunCommand, Stream } from "#core/ports.ts";
import { failedToStart } from "./as-user.ts";
import { killGroup, startGroup } from "./group.ts";

const CAPTURE_BYTES_MAX = 16 * 1024 * 1024;
/** A program that never ends its line must not fill our memory: such a line is passed on in pieces. */
const LINE_CHARACTERS_MAX = 64 * 1024;
/** How long output may stay open after the child's end: only a process that left the group can hold it. */
const DRAIN_MILLISECONDS_MAX = 2_000;

/**
 * Starts the program as the leader of its own process group with exactly the given environment.
 * When the signal aborts, and when the leader ends, whatever is left of the group is killed by SIGKILL.
 * @throws Error only if the program cannot be started (missing, not executable); an exit code is a result.
 */
export const runCommand: RunCommand = (command, signal) => {
  if (signal.aborted) {
    return Promise.resolve({ code: null, signal: "SIGKILL", stdout: "", stderr: "", killed: true });
  }
  return new Promise<CommandResult>((resolve, reject) => {
    const child = startGroup(command, "pipe");
    const capturing = command.captureBytesMax ?? CAPTURE_BYTES_MAX;
    const stdout = collect(child.stdout, "stdout", capturing, command.onLine);
    const stderr = collect(child.stderr, "stderr", capturing, command.onLine);
    let killed = false;
    let started = true;
    const abort = () => {
      killed = true;
      killGroup(child);
    };
    signal.addEventListener("abort", abort, { once: true });

    child.once("error", (error) => {
      // Also emitted for a kill that failed; only a child without an id was never started.
      if (child.pid !== undefined) return;
      started = false;
      signal.removeEventListener("abort", abort);
      reject(notStarted(command, error.message, error));
    });
    let drain: NodeJS.Timeout | undefined;
    child.once("exit", () => {
      killGroup(child);
      drain = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, DRAIN_MILLISECONDS_MAX);
    });
    child.once("close", (code, endSignal) => {
      clearTimeout(drain);
      signal.removeEventListener("abort", abort);
      if (!started) return;
      const said = stderr();
      if (command.user !== undefined && failedToStart(code, said)) reject(notStarted(command, said.trim()));
      else resolve({ code, signal: endSignal, stdout: stdout(), stderr: said, killed });
    });

    // A child that ends without reading its input is told by its exit code, not by our broken pipe.
    child.stdin.on("error", () => {});
    child.stdin.end(command.stdin ?? "");
  });
};

const notStarted = ({ program }: Command, why: string, cause?: Error): Error =>
  new Error(`${program} could not be started: ${why}`, { cause });

/** Passes lines on as they come; returns a function that passes on the last one and gives all that was kept. */
function collect(
  stream: Readable,
  name: Stream,
  bytesMax: number,
  onLine: LineSink | undefined,
): () => string {
  const decoder = new StringDecoder("utf8");
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let droppedBytes = 0;
  let pending = "";

  const passOn = (text: string) => {
    if (!onLine) return;
    const lines = (pending + text).split(/\r\n|\n|\r(?!$)/);
    pending = lines.pop() ?? "";
    for (const line of lines) onLine(line, name);
    while (pending.length > LINE_CHARACTERS_MAX) {
      onLine(pending.slice(0, LINE_CHARACTERS_MAX), name);
      pending = pending.slice(LINE_CHARACTERS_MAX);
    }
  };
  stream.on("data", (data: Buffer) => {
    const room = Math.max(0, bytesMax - keptBytes);
    if (room > 0) kept.push(data.subarray(0, room));
    keptBytes += Math.min(room, data.length);
    droppedBytes += Math.max(0, data.length - room);
    passOn(decoder.write(data));
  });
  return () => {
    passOn(decoder.end());
    if (pending !== "") onLine?.(pending.replace(/\r$/, ""), name);
    pending = "";
    const text = Buffer.concat(kept).toString("utf8");
    return droppedBytes === 0 ? text : `${text}\n[${droppedBytes} more bytes were dropped]\n`;
  };
}
