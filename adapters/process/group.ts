/**
 * A child that leads a process group of its own, so that all of it can be ended: grandchildren of an engine are known to ignore
 * SIGTERM.
 * @module
 */
import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { Command } from "#core/ports.ts";
import { asUser } from "./as-user.ts";
import { dieFirst } from "./die-first.ts";

export type GroupLeader = Pick<Command, "program" | "args" | "env" | "cwd" | "user">;

/** Starts the program, as its user and with exactly its environment. */
export function startGroup(
  leader: GroupLeader,
  stdin: "pipe",
): ChildProcessByStdio<Writable, Readable, Readable>;
export function startGroup(
  leader: GroupLeader,
  stdin: "ignore",
): ChildProcessByStdio<null, Readable, Readable>;
export function startGroup(leader: GroupLeader, stdin: "pipe" | "ignore"): ChildProcess {
  const { program, args } =
    leader.user === undefined ? leader : asUser(leader.user, leader.program, leader.args);
  const child = spawn(program, [...args], {
    cwd: leader.cwd,
    env: { ...leader.env },
    detached: true,
    stdio: [stdin, "pipe", "pipe"],
  });
  dieFirst(child.pid);
  return child;
}

/** Ends whatever is left of the group. */
export function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left in the group.
  }
}
