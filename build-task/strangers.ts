/**
 * The users of the machine that packages' own code runs as. Each task has its own: engine, pip, link scripts and the compiler
 * run as the builder, which owns what they make; what only uses the sealed environment runs as the tester. Neither can read,
 * signal or trace the supervisor, and everything of one ends when its command ends.
 * @module
 */
import { existsSync } from "node:fs";
import { chown, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { SETPRIV } from "#adapters/process/as-user.ts";
import { runCommand } from "#adapters/process/command.ts";
import { streamCommand } from "#adapters/process/stream-command.ts";
import { startWarden, type Warden, WardenKilled } from "#adapters/process/warden.ts";
import type { RunCommand } from "#core/ports.ts";
import { Undecided } from "./failure.ts";

export interface Stranger {
  /** Its number as user and as group; null: the task's own user. */
  readonly user: number | null;
  readonly run: RunCommand;
  readonly stream: typeof streamCommand;
  /** Makes a directory that it may write to. Its parent is the supervisor's. @param mode for others. @default 0o700 */
  makeHome(path: string, mode?: number): Promise<string>;
  /** Makes a directory of files for it to read and not to change. */
  makeInbox(path: string): Promise<string>;
}

export interface Strangers {
  readonly builder: Stranger;
  readonly tester: Stranger;
  /** Why both are the task's own user; null when they are not. */
  readonly missing: string | null;
  /** Ends everything of both. */
  close(): Promise<void>;
}

export interface StrangersOptions {
  /** Whether a task without them is better than none. */
  readonly isolation: "required" | "possible";
  /** A Python 3 that root may trust. */
  readonly python: string;
  /** Programs that strangers run and directories that they enter. */
  readonly reached: readonly string[];
  /** The shared disk, if it is another place than the store: a directory that no stranger may enter. */
  readonly closed: string | null;
}

/**
 * Numbers that no system gives away (systemd's table ends its own below them), and four to each process, so that no two
 * tasks of a machine share one.
 */
const FIRST_USER = 0x7000_0000;
const USERS_EACH = 4;

/**
 * @throws Error when isolation is required and not possible, and when strangers could enter the shared disk; Undecided when
 *   that could not be found out
 */
export async function openStrangers(options: StrangersOptions): Promise<Strangers> {
  try {
    return await open(options);
  } catch (error) {
    throw error instanceof WardenKilled ? new Undecided("died", `${capital(error.message)}.`) : error;
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

async function open(options: StrangersOptions): Promise<Strangers> {
  const first = FIRST_USER + USERS_EACH * process.pid;
  const [builder, tester, own] = [first, first + 1, first + 2];
  const warden = await openWarden(options, own, [builder, tester]);
  if (typeof warden === "string") {
    if (options.isolation === "required")
      throw new Error(`packages' own code cannot be kept apart: ${warden}`);
    return { builder: SAME_USER, tester: SAME_USER, missing: warden, close: async () => {} };
  }
  if (options.closed !== null && (await warden.reached(tester, [options.closed])).includes(true)) {
    await warden.close();
    throw new Error(
      `packages' own code could enter the shared disk at ${options.closed}: ` +
        "mount it below a directory that only root may enter",
    );
  }
  return {
    builder: stranger(warden, builder),
    tester: stranger(warden, tester),
    missing: null,
    close: () => warden.close(),
  };
}

/** @returns why not, where it is not possible */
async function openWarden(
  { python, reached }: StrangersOptions,
  own: number,
  users: readonly [number, number],
): Promise<Warden | string> {
  if (process.getuid?.() !== 0) return "the task does not run as root";
  if (!existsSync(SETPRIV)) return `${SETPRIV} is missing (util-linux has it)`;
  const warden = startWarden(python, own, users);
  try {
    const answers = await warden.reached(users[0], reached);
    const closed = reached.filter((_path, index) => answers[index] !== true);
    if (closed.length === 0) return warden;
    await warden.close();
    return `only root can use ${closed.join(", ")}`;
  } catch (error) {
    await warden.close();
    if (error instanceof WardenKilled) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

function stranger(warden: Warden, user: number): Stranger {
  let running = 0;
  const endRest = async (): Promise<void> => {
    running -= 1;
    if (running > 0) return;
    await warden.end(user).catch((error: unknown) => {
      throw new Undecided("died", `What packages leave behind could not be ended: ${String(error)}.`);
    });
  };
  return {
    user,
    async run(command, signal) {
      running += 1;
      try {
        return await runCommand({ ...command, user }, signal);
      } finally {
        await endRest();
      }
    },
    stream(command, signal, onLine) {
      return { output: endingWith(streamCommand({ ...command, user }, signal, onLine).output) };
    },
    makeHome: (path, mode = 0o700) => makeDirectory(path, mode, user, user),
    makeInbox: (path) => makeDirectory(path, 0o750, 0, user),
  };

  async function* endingWith(output: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    running += 1;
    try {
      yield* output;
    } finally {
      await endRest();
    }
  }
}

const SAME_USER: Stranger = {
  user: null,
  run: runCommand,
  stream: streamCommand,
  makeHome: (path, mode = 0o700) => makeDirectory(path, mode),
  makeInbox: (path) => makeDirectory(path, 0o700),
};

/** A step that is run again finds its directory, and may do with it what it did before. */
async function makeDirectory(path: string, mode: number, user?: number, group?: number): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await mkdir(path, { mode }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  if (user !== undefined && group !== undefined) await chown(path, user, group);
  return path;
}
