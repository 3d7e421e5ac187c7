/**
 * `npm start` in a process of its own, with state of its own, and what is left of it.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, vi } from "vitest";

const ROOT = new URL("../..", import.meta.url).pathname;

export interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Resolves when the output has the text. */
  readonly says: (text: string | RegExp) => Promise<void>;
  readonly ended: Promise<number | null>;
}

export interface NpmStart {
  /** The state directory, removed after the last test of the file. */
  readonly state: string;
  /** Starts it with the demo channel, whatever the network; it is killed after the test. */
  start(...args: string[]): Run;
  /** Processes of this machine that have anything to do with the state directory. */
  remains(): string[];
  /** Ends the program and its bootstrap without a word. */
  killHard(): void;
  /** Waits until there are none. */
  nothingRemains(): Promise<void>;
}

/** Call at the top of a test file. */
export function useNpmStart(): NpmStart {
  const state = mkdtempSync(join(tmpdir(), "conda-store-start-"));
  const started: ChildProcess[] = [];
  afterEach(() => {
    for (const child of started.splice(0)) child.kill("SIGKILL");
  });
  afterAll(() => rmSync(state, { recursive: true, force: true }));

  const start = (...args: string[]): Run => {
    const child = spawn(
      process.execPath,
      [join(ROOT, "scripts", "bootstrap.mjs"), "local/start.ts", "--demo-channel", "--state", state, ...args],
      { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] },
    );
    started.push(child);
    let text = "";
    const collect = (data: Buffer): void => {
      text += data;
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
    const says = (wanted: string | RegExp): Promise<void> =>
      vi.waitFor(() => expect(text).toMatch(wanted), { timeout: 240_000, interval: 50 });
    return { child, output: () => text, says, ended };
  };
  const remains = (): string[] =>
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) => [read(pid, "cmdline"), read(pid, "environ")].some((text) => text.includes(state)));
  return {
    state,
    start,
    remains,
    killHard: () => {
      for (const pid of remains().filter((pid) => read(pid, "cmdline").includes("local/start.ts"))) {
        process.kill(Number(pid), "SIGKILL");
      }
    },
    nothingRemains: () => vi.waitFor(() => expect(remains()).toEqual([]), { timeout: 60_000, interval: 100 }),
  };
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}
