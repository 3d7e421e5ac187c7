/**
 * What went wrong, in words a user can act on: the requirement, the channels, and what to try.
 * @module
 */

import { PREFIX_TOO_LONG } from "#core/layout.ts";
import { type ChannelAddress, type CommandResult, EngineError, type SolveRequest } from "#core/ports.ts";
import { maskCredentials } from "./true-channels.ts";

/** A requirement that could not be met, as the engine names it, with what is known about it. */
export interface Unmet {
  readonly requirement: string;
  /** What wants it, from the user's own requirement down; empty if the user asked for it himself. */
  readonly wantedBy: readonly string[];
  /** Versions that the channels do have. */
  readonly versions?: readonly string[];
  /** Names in the channels that look like it. */
  readonly similar?: readonly string[];
}

export interface SolveTrouble {
  readonly failure: "not_found" | "conflict" | "virtual_package" | "missing_dependency";
  readonly unmet: readonly Unmet[];
  /** The engine's own explanation, several lines. */
  readonly tree: string;
}

/** @returns the error for a solve without a solution; the first line stands alone, the engine's tree follows. */
export function solveError(trouble: SolveTrouble, request: SolveRequest): EngineError {
  const where = `${channelList(request.channels)} (${request.platform}, noarch)`;
  const headline = {
    not_found: () => trouble.unmet.map((unmet) => notFound(unmet, where)).join(" "),
    missing_dependency: () => trouble.unmet.map((unmet) => missingDependency(unmet, where)).join(" "),
    virtual_package: () => trouble.unmet.map((unmet) => virtualPackage(unmet, request)).join(" "),
    conflict: () =>
      `These requirements exclude each other: ${trouble.unmet.map(({ requirement }) => requirement).join(", ")}, ` +
      `in ${where}. Loosen or remove one of them.`,
  }[trouble.failure]();
  return new EngineError(trouble.failure, `${headline}\n${trouble.tree.trim()}`);
}

function notFound({ requirement, versions = [], similar = [] }: Unmet, where: string): string {
  if (versions.length > 0) {
    return `${requirement} was not found in ${where}, which have ${versions.join(", ")}: ask for one of these.`;
  }
  const part = /\s/.test(requirement) ? "the name and the version" : "the spelling";
  const hint = similar.length > 0 ? `perhaps ${similar.join(" or ")} was meant` : `check ${part}`;
  return `${requirement} was not found in ${where}: ${hint}, or add the channel that has it.`;
}

function missingDependency({ requirement, wantedBy, versions = [] }: Unmet, where: string): string {
  const chain = wantedBy.length > 0 ? wantedBy.join(" needs ") : "A requirement";
  const have = versions.length > 0 ? ` (they have ${versions.join(", ")})` : "";
  return (
    `${chain} needs ${requirement}, which is not in ${where}${have}: ` +
    `add the channel that has it, or ask for another version of ${wantedBy[0] ?? "what needs it"}.`
  );
}

function virtualPackage({ requirement, wantedBy }: Unmet, request: SolveRequest): string {
  const offered = Object.entries(request.virtualPackages).map(([name, value]) => `${name}=${value}`);
  const has = offered.length > 0 ? `has ${offered.join(", ")}` : "has no virtual packages";
  const what =
    wantedBy.length > 0 ? `${wantedBy.join(" needs ")} needs ${requirement}` : `${requirement} is asked for`;
  return (
    `${what}, and the platform the environment is made for ${has} (channels ${channelList(request.channels)}): ` +
    "choose a version or build that does not need it, or have the deployment's virtual packages changed."
  );
}

/** Why bytes could not be had, whoever says it. */
export interface FetchTrouble {
  /** What was asked: an index, or a package of a lock. */
  readonly what: "index" | "package";
  /** True address if the engine told it. */
  readonly url?: string | undefined;
  readonly status?: number | undefined;
  /** The engine's own words, one line. */
  readonly detail: string;
}

/** @returns the error for a channel that refuses, fails or is not there. */
export function fetchError(trouble: FetchTrouble, channels: readonly ChannelAddress[]): EngineError {
  const { what, url, status } = trouble;
  const subject = url ?? `One of the channels ${channelList(channels)}`;
  const said = status === undefined ? trouble.detail : `HTTP ${status}`;
  if (status === 401 || (status === 403 && what === "index")) {
    return new EngineError(
      "channel_auth",
      `${subject} refuses access (${said}): the channel wants credentials; have them added for ${channelList(channels)}.`,
    );
  }
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return what === "package"
      ? new EngineError(
          "package_missing",
          `${subject} is not there any more (${said}): solve again for a lock that ${channelList(channels)} can still serve.`,
        )
      : new EngineError(
          "channel",
          `${subject} is no index of a conda channel (${said}): check the address of the channel among ${channelList(channels)}.`,
        );
  }
  return new EngineError(
    "channel",
    `${subject} could not be fetched (${said}): the channel may answer later; try again.`,
    {
      retryable: true,
    },
  );
}

/** @returns the error for an index that came and could not be read. */
export function brokenIndexError(detail: string, channels: readonly ChannelAddress[]): EngineError {
  return new EngineError(
    "channel_broken",
    `The index of a channel could not be read (${detail}): try again, and tell the owner of ${channelList(channels)} if it stays so.`,
    { retryable: true },
  );
}

/** @returns the error for a package whose bytes are not those of the lock. */
export function checksumError(file: string, expected: string, actual: string): EngineError {
  return new EngineError(
    "checksum",
    `${file} is not the file of the lock: its hash is ${actual}, not ${expected}. Nothing was installed; ` +
      "solve again for a new lock, and ask the channel's owner why the file changed.",
  );
}

/** @returns the error for a package that cannot even be unpacked to compare its hash. */
export function unreadablePackageError(file: string, detail: string): EngineError {
  return new EngineError(
    "checksum",
    `${file} is not the file of the lock: it cannot be unpacked (${detail}). Nothing was installed; try again, ` +
      "and ask the channel's owner why the file changed if it stays so.",
    { retryable: true },
  );
}

/** @returns the error for a spec that the engine cannot read. */
export function specError(detail: string): EngineError {
  return new EngineError(
    "invalid_spec",
    `A requirement cannot be read: ${detail}. Write it as name, "name=1.2" or "name >=1.2,<2".`,
  );
}

export function diskError(detail: string): EngineError {
  return new EngineError(
    "disk",
    `The build's disk is full or cannot be written (${detail}): ask for a smaller environment or a larger build disk.`,
    { retryable: true },
  );
}

export function memoryError(detail: string): EngineError {
  return new EngineError(
    "memory",
    `The engine ran out of memory (${detail}): it needs a build with more memory.`,
    {
      retryable: true,
    },
  );
}

export function prefixError(): EngineError {
  return new EngineError("prefix_too_long", PREFIX_TOO_LONG);
}

/** What went wrong inside the engine, which no user can mend. */
export function internalError(detail: string): EngineError {
  return new EngineError(
    "internal",
    `The engine failed: ${detail}. Try again; if it stays so, report it with this log.`,
    {
      retryable: true,
    },
  );
}

/** @returns the error that the way a child ended tells by itself, or undefined if its output has to. */
export function endError(result: CommandResult): EngineError | undefined {
  if (result.killed) return new EngineError("canceled", "The engine was stopped before it was done.");
  if (result.signal === null) return undefined;
  if (result.signal === "SIGKILL") return memoryError("it was killed");
  if (result.signal === "SIGXFSZ") return diskError("a file grew over the limit of file sizes");
  return internalError(`it was ended by ${result.signal}`);
}

function channelList(channels: readonly ChannelAddress[]): string {
  return channels.map(({ url }) => maskCredentials(url)).join(", ");
}
