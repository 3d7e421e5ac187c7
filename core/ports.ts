/**
 * What the product asks of the world where there is more than one answer: engines, commands, logs.
 * Things with one implementation (the table, the bucket, the queues) are plain functions in adapters/.
 * @module
 */
import type { LockedPackage } from "./lock/lock.ts";

/** A channel as users and locks name it, and where the engine fetches it: the supervisor's loopback mirror. */
export interface ChannelAddress {
  /** True base address, without trailing slash and without credentials. */
  readonly url: string;
  /** Base address the engine asks; equal to `url` when there is no mirror. */
  readonly address: string;
}

export interface SolveRequest {
  /** Match specs; never empty, checked before. */
  readonly specs: readonly string[];
  /** In priority order, priority is strict. */
  readonly channels: readonly ChannelAddress[];
  readonly platform: string;
  /** Virtual packages instead of the host's, e.g. `{"__glibc": "2.28", "__linux": "5.10"}`; others are absent. */
  readonly virtualPackages: Readonly<Record<string, string>>;
}

export interface InstallRequest {
  /** In install order; every one has a sha256, which the engine checks. */
  readonly packages: readonly LockedPackage[];
  /** Every channel that a package comes from. */
  readonly channels: readonly ChannelAddress[];
  readonly platform: string;
  /** Directory to make, or an empty one. */
  readonly prefix: string;
  /** Where the tree will be used, if not at `prefix` (absolute, at most 254 bytes). */
  readonly targetPrefix?: string;
  /** Directory of downloaded and extracted packages; shared by builds only if they may trust each other. */
  readonly packageCache: string;
}

/** One line of output. `at` is given by whoever stores it. */
export type Stream = "stdout" | "stderr";
export type LineSink = (text: string, stream: Stream) => void;

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stdin?: string;
  readonly onLine?: LineSink;
  /** Collect stdout and stderr up to this many bytes each (default 16 MiB); the rest is dropped and said. */
  readonly captureBytesMax?: number;
  /** Run as the user and the group of this number, for good (needs the right to change them); the caller's own if absent. */
  readonly user?: number;
}

export interface CommandResult {
  /** Exit code, or null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The process group was killed by us: abort or time limit. */
  readonly killed: boolean;
}

/** Runs a child in its own process group; on abort the whole group is killed. Never throws for an exit code. */
export type RunCommand = (command: Command, signal: AbortSignal) => Promise<CommandResult>;

/** What an engine gets for one run. */
export interface EngineRun {
  /** A private, empty directory for rc files and input files, which the engine's program can read. */
  readonly workDirectory: string;
  /** A private, empty directory that the engine's program may write to: its HOME. */
  readonly home: string;
  /** To be shown to whoever serves the channels' addresses, as `Authorization: Bearer`; never on a command line. */
  readonly token?: string;
  readonly signal: AbortSignal;
  readonly run: RunCommand;
  readonly onLine: LineSink;
}

/** Solves and installs conda packages. Errors are `EngineError`s. */
export interface Engine {
  /** Name and version for logs and tables, e.g. `mamba 2.8.1`. */
  readonly name: string;
  /** @returns packages in install order, with true addresses. */
  solve(request: SolveRequest, run: EngineRun): Promise<LockedPackage[]>;
  /**
   * Links the packages at `prefix`: hashes checked, no link scripts, no `.pyc`, `conda-meta` complete, naming the
   * true channels, and compared with the request (an exit code is no proof).
   */
  install(request: InstallRequest, run: EngineRun): Promise<void>;
}

export type EngineFailure =
  | "not_found"
  | "conflict"
  | "virtual_package"
  | "missing_dependency"
  | "invalid_spec"
  | "channel"
  | "channel_auth"
  | "channel_broken"
  | "checksum"
  | "package_missing"
  | "prefix_too_long"
  | "disk"
  | "memory"
  | "canceled"
  | "internal";

/** Why an engine could not do it. `message` names the requirement, the channels and what to try. */
export class EngineError extends Error {
  readonly failure: EngineFailure;
  /** The same request may succeed later without a change by the user. */
  readonly retryable: boolean;

  constructor(
    failure: EngineFailure,
    message: string,
    options: { retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "EngineError";
    this.failure = failure;
    this.retryable = options.retryable ?? false;
  }
}
