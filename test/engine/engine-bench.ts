/**
 * What the contract's cases share: a channel, folders of their own, and the requests.
 * @module
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { runCommand } from "#adapters/process/command.ts";
import type { LockedPackage } from "#core/lock/lock.ts";
import {
  type ChannelAddress,
  type Command,
  type Engine,
  EngineError,
  type EngineRun,
  type InstallRequest,
  type SolveRequest,
} from "#core/ports.ts";
import type { TinyChannel } from "#test/kit/tiny-channel.ts";

const PLATFORM = "linux-64";
/** Where the channels truly are; the engine asks the tiny channel's server. */
export const TRUE_ORIGIN = "https://conda.example.org/team";
/** What engines show to the channel. */
export const TOKEN = "shown-to-the-channel";
export const VIRTUAL_PACKAGES = { __glibc: "2.28", __linux: "5.10" };

export interface BenchRun extends EngineRun {
  readonly lines: string[];
  readonly commands: Command[];
}

export interface EngineBench {
  readonly engine: Engine;
  readonly channel: TinyChannel;
  /** A folder of its own, removed after all cases. */
  folder(): Promise<string>;
  channels(...names: string[]): ChannelAddress[];
  run(signal?: AbortSignal): Promise<BenchRun>;
  solve(specs: string[], change?: Partial<SolveRequest>, signal?: AbortSignal): Promise<LockedPackage[]>;
  /** An install into a new prefix and a new cache, unless told otherwise. */
  installRequest(
    packages: readonly LockedPackage[],
    change?: Partial<InstallRequest>,
  ): Promise<InstallRequest>;
  install(request: InstallRequest, signal?: AbortSignal): Promise<BenchRun>;
  remove(): Promise<void>;
}

export async function makeBench(engine: Engine, channel: TinyChannel): Promise<EngineBench> {
  const root = await mkdtemp(join(tmpdir(), "engine-"));
  let folders = 0;
  const bench: EngineBench = {
    engine,
    channel,
    async folder() {
      folders += 1;
      const path = join(root, String(folders));
      await mkdir(path);
      return path;
    },
    channels: (...names) =>
      names.map((name) => ({ url: `${TRUE_ORIGIN}/${name}`, address: `${channel.origin}/${name}` })),
    async run(signal = new AbortController().signal) {
      const lines: string[] = [];
      const commands: Command[] = [];
      return {
        lines,
        commands,
        signal,
        workDirectory: await bench.folder(),
        home: await bench.folder(),
        token: TOKEN,
        onLine: (text) => lines.push(text),
        run: (command, killed) => {
          commands.push(command);
          return runCommand(command, killed);
        },
      };
    },
    async solve(specs, change = {}, signal) {
      const request = {
        specs,
        channels: bench.channels("main"),
        platform: PLATFORM,
        virtualPackages: VIRTUAL_PACKAGES,
        ...change,
      };
      return engine.solve(request, await bench.run(signal));
    },
    async installRequest(packages, change = {}) {
      return {
        packages,
        channels: bench.channels("main", "other"),
        platform: PLATFORM,
        prefix: join(await bench.folder(), "env"),
        packageCache: join(await bench.folder(), "pkgs"),
        ...change,
      };
    },
    async install(request, signal) {
      const run = await bench.run(signal);
      await engine.install(request, run);
      return run;
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
  return bench;
}

/** Waits for the work to fail as an engine fails, and gives the failure. */
export async function failureOf(work: Promise<unknown>): Promise<EngineError> {
  const error = await work.then(
    (value) => expect.fail(`it succeeded with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof EngineError) return error;
  throw error;
}

/** `name version`, in order. */
export function versions(packages: readonly LockedPackage[]): string[] {
  return packages.map(({ name, version }) => `${name} ${version}`);
}
