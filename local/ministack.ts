/**
 * MiniStack: the local AWS, a Python program on one loopback port (docs/emulators.md).
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, createWriteStream, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { LocalError } from "./local-error.ts";

export interface MiniStackOptions {
  /** The Python that has `ministack`. */
  readonly python: string;
  /** Where state, objects and the log file are kept. */
  readonly directory: string;
  /** Port on 127.0.0.1; a free one by default. */
  readonly port?: number;
  /** Keep tables, stacks and objects over a restart. @default false */
  readonly persist?: boolean;
  /** Added to the environment that functions inherit. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface MiniStack {
  /** `http://127.0.0.1:PORT`: an IP, so that SDKs use path-style addresses. */
  readonly endpoint: string;
  readonly pid: number;
  /** Ends it, state written; resolves when it has gone. */
  stop(): Promise<void>;
}

/** Credentials that the emulator accepts; they open nothing else. */
export const TEST_CREDENTIALS = {
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_REGION: "us-east-1",
  AWS_DEFAULT_REGION: "us-east-1",
} as const;

/**
 * Starts MiniStack and waits until it answers.
 * @throws LocalError when it ends or does not answer within a minute
 */
export async function startMiniStack(options: MiniStackOptions): Promise<MiniStack> {
  const port = options.port ?? (await freePort());
  mkdirSync(options.directory, { recursive: true });
  // What is kept there holds the deployment's secret, and MiniStack writes files that everybody may read.
  chmodSync(options.directory, 0o700);
  const log = join(options.directory, "ministack.log");
  const child = spawn(options.python, ["-c", WATCHED_MAIN], {
    cwd: options.directory,
    // Its own group: a Ctrl-C in the terminal must not reach it before its state is written by our stop().
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    env: {
      PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
      HOME: options.directory,
      ...TEST_CREDENTIALS,
      BIND_HOST: "127.0.0.1",
      GATEWAY_PORT: String(port),
      ...(options.persist
        ? {
            PERSIST_STATE: "1",
            S3_PERSIST: "1",
            STATE_DIR: join(options.directory, "state"),
            S3_DATA_DIR: join(options.directory, "objects"),
          }
        : {}),
      ...options.env,
    },
  });
  const output = createWriteStream(log);
  child.stdout.pipe(output);
  child.stderr.pipe(output);
  const endpoint = `http://127.0.0.1:${port}`;
  await answers(endpoint, child, log);
  const { pid } = child;
  if (pid === undefined) throw new LocalError("MiniStack could not be started.");
  return { endpoint, pid, stop: () => stop(child) };
}

/**
 * MiniStack's own main, plus a thread that ends it (cleanly, by SIGTERM to itself) when the pipe from its parent
 * closes: a parent killed by -9 leaves no server behind.
 */
const WATCHED_MAIN = `
import os, signal, sys, threading
def watch():
    # Not through sys.stdin: its lock would be held while the interpreter ends.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=watch, daemon=True).start()
sys.argv = ["ministack"]
# PutEvents refuses sources that begin with "aws.", as AWS does to strangers; the RunTask endpoint speaks for ECS.
from ministack.services import eventbridge
assert eventbridge._put_events.__code__.co_varnames[1] == "allow_aws_source"
eventbridge._put_events.__defaults__ = (True,)
from ministack.app import main
main()
`;

async function answers(endpoint: string, child: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new LocalError(`MiniStack ended at once; its log: ${log}`);
    }
    const ok = await fetch(`${endpoint}/_ministack/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await stop(child);
  throw new LocalError(`MiniStack did not answer within a minute; its log: ${log}`);
}

/** SIGTERM lets it write its state; the group is killed afterwards because function workers are its children. */
async function stop(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await gone;
    clearTimeout(timer);
  }
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group has gone already, which is what is wanted.
  }
}

/** A port on 127.0.0.1 that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
