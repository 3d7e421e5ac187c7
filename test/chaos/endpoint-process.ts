/**
 * The process of the RunTask endpoint, started again whenever it dies, and the processes of its tasks.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { freePort } from "#local/ministack.ts";
import type { EndpointOrder } from "./endpoint.ts";

export interface EndpointOptions extends Omit<EndpointOrder, "port"> {
  readonly env: Readonly<Record<string, string>>;
  /** Told when it ended by itself: nothing of what is tested does that. */
  readonly onBroken: (error: Error) => void;
}

export interface Endpoint {
  readonly address: string;
  /** The task's process that was started last for a build, while it is known to run. */
  pidOf(build: number): number | undefined;
  /** Resolves with the process of the next task of the build, at once if one runs. */
  started(build: number, signal: AbortSignal): Promise<number | null>;
  /** Kills the endpoint by signal 9; another one takes its place. */
  kill(): void;
  close(): Promise<void>;
}

export async function startEndpoint({ env, onBroken, ...order }: EndpointOptions): Promise<Endpoint> {
  const port = await freePort();
  const pids = new Map<string, number>();
  let watchers: { readonly build: number; readonly seen: (pid: number) => void }[] = [];
  let child: ChildProcess | undefined;
  let closing = false;
  const hear = (line: string): void => {
    const begun = /^task (b(\d+)-a\d+) started \(process (\d+)\)$/.exec(line);
    const over = /^task (\S+) (ended|could not)/.exec(line);
    if (begun?.[1]) {
      const build = Number(begun[2]);
      pids.set(begun[1], Number(begun[3]));
      for (const { seen } of watchers.filter((each) => each.build === build)) seen(Number(begun[3]));
      watchers = watchers.filter((each) => each.build !== build);
    } else if (over?.[1]) pids.delete(over[1]);
  };
  const start = (): Promise<void> =>
    new Promise((resolve) => {
      pids.clear();
      const made = spawn(
        process.execPath,
        [
          "--import",
          join(import.meta.dirname, "clock.ts"),
          join(import.meta.dirname, "endpoint.ts"),
          JSON.stringify({ ...order, port } satisfies EndpointOrder),
        ],
        { env: { ...env }, stdio: ["ignore", "inherit", "inherit", "ipc"] },
      );
      child = made;
      made.on("message", (line: string) => {
        if (line === "ready") resolve();
        else hear(line);
      });
      made.once("exit", (code) => {
        if (closing) return resolve();
        if (code === null) return void start().then(resolve);
        onBroken(new Error(`the RunTask endpoint ended by itself with exit code ${code}`));
        resolve();
      });
    });
  await start();
  const pidOf = (build: number): number | undefined =>
    [...pids].findLast(([name]) => name.startsWith(`b${build}-`))?.[1];
  return {
    address: `http://127.0.0.1:${port}`,
    pidOf,
    started(build, signal) {
      const running = pidOf(build);
      if (running !== undefined) return Promise.resolve(running);
      return new Promise((resolve) => {
        watchers.push({ build, seen: resolve });
        signal.addEventListener("abort", () => resolve(null), { once: true });
      });
    },
    kill: () => void child?.kill("SIGKILL"),
    async close() {
      closing = true;
      if (child === undefined || child.exitCode !== null) return;
      const gone = new Promise((resolve) => child?.once("close", resolve));
      child.kill("SIGTERM");
      await gone;
    },
  };
}
