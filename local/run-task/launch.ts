/**
 * A build task as a child process: its volumes, its environment, its keeper.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { SHARED_DISK_VOLUME, VARIABLES } from "#core/layout.ts";
import { inNamespace, type Mount, type Namespace } from "./mounts.ts";
import type { TaskOrder } from "./task-definition.ts";

export interface Machine {
  /** Python that runs the keeper. */
  readonly python: string;
  /** The image's own program behind what runs it. */
  readonly command: readonly string[];
  /** Variables that ECS or the image would give. */
  readonly environment: Readonly<Record<string, string>>;
  /** The shared disk's directory: what consumers see at the store directory. */
  readonly sharedDisk: string;
  /** One directory per task below it, removed with the task. */
  readonly tasksDirectory: string;
  /** null: build in place. */
  readonly namespace: Namespace | null;
  /** Directories of the task's programs, which packages' own code must find as another user. */
  readonly programs: readonly string[];
}

export interface Ended {
  readonly exitCode: number;
  readonly outOfMemory: boolean;
}

export interface RunningTask {
  /** null when it could not be started. */
  readonly pid: number | null;
  /** SIGTERM now, SIGKILL after ECS's thirty seconds. */
  stop(): void;
  readonly ended: Promise<Ended>;
}

/**
 * Starts the task's command.
 * @param id name of the task's own directory
 * @param log file that gets the task's output
 */
export async function launch(
  machine: Machine,
  id: string,
  order: TaskOrder,
  environment: Readonly<Record<string, string>>,
  log: string,
): Promise<RunningTask> {
  const home = join(machine.tasksDirectory, id);
  const { mounts, moved } = volumesOf(machine, home, order);
  const program = commandOf(machine, order);
  const command = machine.namespace
    ? inNamespace(machine.namespace, mounts, program, machine.programs)
    : program;
  const output = openSync(log, "a");
  const keeper = spawn(machine.python, [join(import.meta.dirname, "keeper.py"), home], {
    detached: true,
    stdio: ["pipe", "pipe", output],
    env: { PATH: process.env["PATH"] },
  });
  closeSync(output);
  // A keeper that dies early closes its input: the end is told by its exit, not by the broken pipe.
  keeper.stdin?.on("error", () => {});
  keeper.stdin?.write(
    `${JSON.stringify({
      args: command,
      env: { ...machine.environment, HOME: home, ...renamed(order.environment, moved), ...environment },
      cwd: home,
      memory: {
        name: id,
        bytes: order.memoryBytes,
        variable: VARIABLES.memoryEvents,
        file: join(home, "memory.events"),
      },
    })}\n`,
  );
  const messages = messagesOf(keeper);
  const ended = messages.ended.finally(() => removeTree(home));
  return { pid: await messages.started, stop: () => void keeper.stdin?.write("TERM\n"), ended };
}

/** Programs of an image lie beside each other. */
function commandOf({ command }: Machine, { program }: TaskOrder): string[] {
  if (program === null) return [...command];
  return [...command.slice(0, -1), join(dirname(command.at(-1) ?? ""), program)];
}

/**
 * The shared disk's volume is the shared disk; every other volume is an empty directory of the task's own. Without a
 * namespace the shared disk is seen where it is, and the task's own directories where they lie: `moved` says so.
 */
function volumesOf(
  machine: Machine,
  home: string,
  order: TaskOrder,
): { mounts: Mount[]; moved: ReadonlyMap<string, string> } {
  const mounts: Mount[] = [];
  const moved = new Map<string, string>();
  mkdirSync(machine.sharedDisk, { recursive: true });
  for (const { volume, path } of order.mountPoints) {
    const shared = volume === SHARED_DISK_VOLUME;
    const source = shared ? machine.sharedDisk : join(home, volume);
    mkdirSync(source, { recursive: true });
    if (machine.namespace) {
      // No stranger may enter the shared disk: what lies above it is root's.
      if (shared) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      mkdirSync(path, { recursive: true });
      // The shared disk first: another mount may cover the place where it lies.
      if (shared) mounts.unshift({ source, target: path });
      else mounts.push({ source, target: path });
    } else if (path !== machine.sharedDisk) moved.set(path, source);
  }
  return { mounts, moved };
}

const renamed = (
  environment: Readonly<Record<string, string>>,
  moved: ReadonlyMap<string, string>,
): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, moved.get(value) ?? value]));

/** What the keeper says, each message once; null for what it ended without saying. */
function messagesOf(keeper: ChildProcess): { started: Promise<number | null>; ended: Promise<Ended> } {
  const started = Promise.withResolvers<number | null>();
  const ended = Promise.withResolvers<Ended>();
  if (keeper.stdout) {
    createInterface({ input: keeper.stdout }).on("line", (line) => {
      const message = JSON.parse(line) as { pid?: number } & Partial<Ended>;
      if (message.pid !== undefined) started.resolve(message.pid);
      if (message.exitCode !== undefined) {
        ended.resolve({ exitCode: message.exitCode, outOfMemory: message.outOfMemory ?? false });
      }
    });
  }
  const gone = (): void => {
    started.resolve(null);
    ended.resolve({ exitCode: 137, outOfMemory: false });
  };
  keeper.once("close", gone);
  keeper.once("error", gone);
  return { started: started.promise, ended: ended.promise };
}

/** Environments have read-only directories, which only root may empty as they are. */
export function removeTree(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch (error) {
    if (!existsSync(directory)) throw error;
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), 0o700);
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Where the programs of an image would be looked for. */
export const programPath = (): string => `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;
