/**
 * The process that ends everything of a user: warden.py, one for the life of a task. It looks after its users also when we are
 * killed: its input closes then.
 * @module
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Beside this file in the source, beside the program in the bundle. */
const PROGRAM = fileURLToPath(new URL("./warden.py", import.meta.url));

export interface Warden {
  /** @returns which of these programs and directories the user may run or enter */
  reached(uid: number, paths: readonly string[]): Promise<readonly boolean[]>;
  /** Kills every process of the user, and resolves when none is left. */
  end(uid: number): Promise<void>;
  /** Ends everything of all users, and the warden. */
  close(): Promise<void>;
}

/** Somebody killed the warden, which says nothing of what it was asked. */
export class WardenKilled extends Error {}

interface Answer {
  readonly reached?: readonly boolean[];
  readonly ended?: true;
  readonly failed?: string;
}

/**
 * Needs root, or what of it lets a process become these users. Every method rejects with an Error when the warden cannot do it.
 * @param python any Python 3
 * @param own a user that runs nothing else
 */
export function startWarden(python: string, own: number, users: readonly number[]): Warden {
  const child = spawn(python, ["-I", "-S", "-B", PROGRAM, String(own), ...users.map(String)], {
    // Not of our process group: what is sent to that must not reach it.
    detached: true,
    cwd: "/",
    env: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting: PromiseWithResolvers<Answer>[] = [];
  let gone: Error | null = null;
  const closed = Promise.withResolvers<void>();
  const lose = (why: string, killed = false): void => {
    const text = `packages' own code cannot be looked after: ${why}`;
    gone ??= killed ? new WardenKilled(text) : new Error(text);
    for (const { reject } of waiting.splice(0)) reject(gone);
    closed.resolve();
  };
  child.once("error", (error) => lose(error.message));
  child.once("close", (code, signal) => {
    if (signal === null) lose(`its warden ended with exit code ${code}`);
    else lose(`its warden was ended by ${signal}`, true);
  });
  child.stdin.on("error", () => {});
  createInterface({ input: child.stdout }).on("line", (line) => {
    waiting.shift()?.resolve(JSON.parse(line) as Answer);
  });
  const ask = async (order: object): Promise<Answer> => {
    if (gone !== null) throw gone;
    const answer = Promise.withResolvers<Answer>();
    waiting.push(answer);
    child.stdin.write(`${JSON.stringify(order)}\n`);
    const given = await answer.promise;
    if (given.failed !== undefined) throw new Error(given.failed);
    return given;
  };
  return {
    reached: async (uid, paths) => (await ask({ uid, reach: paths })).reached ?? [],
    end: async (uid) => void (await ask({ uid, end: true })),
    close: () => {
      child.stdin.end();
      return closed.promise;
    },
  };
}
