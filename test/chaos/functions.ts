/**
 * The functions as Lambda runs them: containers that are processes, one event at a time each, killed at their time limit
 * and replaced when they die.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface FunctionOptions {
  readonly name: string;
  /** The bundled handler. */
  readonly bundle: string;
  readonly env: Readonly<Record<string, string>>;
  /** Containers at a time; further events wait. */
  readonly containers: number;
  /** File that gets what it prints. */
  readonly log: string;
  /** Told when its environment is not what it needs: a fault of the harness. */
  readonly onBroken: (error: Error) => void;
}

const tail = (file: string): string => readFileSync(file, "utf8").slice(-1_000);

/** As every function's in infra/, in the machine's time. */
const TIME_LIMIT_MS = 30_000;

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

export class LambdaFunction {
  readonly #options: FunctionOptions;
  readonly #idle: ChildProcess[] = [];
  readonly #all = new Set<ChildProcess>();
  readonly #waiting: ((child: ChildProcess) => void)[] = [];
  #invocations = 0;
  #env: Readonly<Record<string, string>>;

  constructor(options: FunctionOptions) {
    this.#options = options;
    this.#env = options.env;
  }

  /** @throws Error when the handler throws, or its process dies or is too slow */
  async invoke(event: unknown): Promise<unknown> {
    const child = await this.#take();
    this.#invocations += 1;
    const id = this.#invocations;
    const timer = setTimeout(() => child.kill("SIGKILL"), TIME_LIMIT_MS);
    try {
      return await new Promise((resolve, reject) => {
        const died = (): void => reject(new Error(`a container of ${this.#options.name} died`));
        child.once("exit", died);
        child.on("message", (message: Reply) => {
          if (message.id !== id) return;
          child.off("exit", died);
          child.removeAllListeners("message");
          if (message.error === undefined) resolve(message.result);
          else reject(this.#failure(message.error));
        });
        if (child.exitCode !== null || child.signalCode !== null) died();
        else child.send({ id, event }, (error) => error && died());
      });
    } finally {
      clearTimeout(timer);
      this.#giveBack(child);
    }
  }

  #failure(message: string): Error {
    const error = new Error(`${this.#options.name}: ${message}`);
    if (message.startsWith("The environment is not complete")) this.#options.onBroken(error);
    return error;
  }

  /** Kills the containers that run now by signal 9. @returns how many */
  kill(): number {
    const running = [...this.#all].filter((child) => !this.#idle.includes(child));
    for (const child of running) child.kill("SIGKILL");
    return running.length;
  }

  /** New containers, with more in their environment. Nothing may be under way. */
  async renew(env: Readonly<Record<string, string>>): Promise<void> {
    this.#env = { ...this.#env, ...env };
    await this.close();
  }

  async close(): Promise<void> {
    const gone = [...this.#all].map((child) => new Promise((resolve) => child.once("close", resolve)));
    for (const child of this.#all) child.kill("SIGKILL");
    await Promise.all(gone);
  }

  async #take(): Promise<ChildProcess> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#all.size < this.#options.containers) return await this.#start();
    return await new Promise((resolve) => this.#waiting.push(resolve));
  }

  #giveBack(child: ChildProcess): void {
    if (!this.#all.has(child)) return;
    const next = this.#waiting.shift();
    if (next) next(child);
    else this.#idle.push(child);
  }

  async #start(): Promise<ChildProcess> {
    const { bundle, log } = this.#options;
    const output = openSync(log, "a");
    const child = spawn(
      process.execPath,
      ["--import", join(import.meta.dirname, "clock.ts"), join(import.meta.dirname, "worker.ts"), bundle],
      { env: { ...this.#env }, stdio: ["ignore", output, output, "ipc"] },
    );
    closeSync(output);
    this.#all.add(child);
    child.once("exit", () => {
      this.#all.delete(child);
      const at = this.#idle.indexOf(child);
      if (at !== -1) this.#idle.splice(at, 1);
      const next = this.#waiting.shift();
      if (next) void this.#start().then(next);
    });
    await new Promise<void>((resolve) => {
      child.once("message", () => resolve());
      child.once("exit", (code) => {
        // By itself, not by us: it cannot be started at all.
        if (code !== null)
          this.#options.onBroken(new Error(`${this.#options.name} cannot be started: ${tail(log)}`));
        resolve();
      });
    });
    return child;
  }
}
