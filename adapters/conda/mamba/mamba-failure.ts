/**
 * What mamba's failures mean. The exit code decides that it failed; its words decide why.
 * @module
 */
import type { ChannelAddress, CommandResult, EngineError, SolveRequest } from "#core/ports.ts";
import {
  brokenIndexError,
  checksumError,
  diskError,
  endError,
  type FetchTrouble,
  fetchError,
  internalError,
  memoryError,
  prefixError,
  type SolveTrouble,
  solveError,
  specError,
  type Unmet,
  unreadablePackageError,
} from "../failure.ts";
import { type Problem, parseProblems } from "../problem-tree.ts";
import type { TrueChannels } from "../true-channels.ts";
import type { MambaRecord } from "./mamba-output.ts";

/** Command line it does not understand: a fault of ours. */
const EXIT_BAD_ARGUMENT = 109;
const UNSOLVABLE = "Could not solve for environment specs";

const MEMORY = /std::bad_alloc|Resource temporarily unavailable|Cannot allocate memory|failed to map segment/;
const DISK =
  /\bWrite failed|No space left on device|Read-only file system|cannot copy: Input\/output error|writable package cache/;
const BAD_SPEC = /^(?:Error parsing (?:MatchSpec|version)|Version spec )/;
const BROKEN_INDEX = /decompression error|Could not load repodata|not loaded!|parse_error|malformed repodata/;
const BROKEN_PACKAGE = /Truncated ZIP file data|Unrecognized archive format|Error when extracting package/;
const INTERRUPTED = /Thread interrupted/;

interface Channels {
  readonly names: TrueChannels;
  readonly list: readonly ChannelAddress[];
}

/** @returns why a call failed; undefined if it did not. */
export function failureOf(
  result: CommandResult,
  errors: readonly MambaRecord[],
  what: FetchTrouble["what"],
  channels: Channels,
): EngineError | undefined {
  const ended = endError(result);
  // A crash says less than the words before it: after a package that is not there mamba is known to crash.
  if (ended && ended.failure !== "internal") return ended;
  if (!ended && result.code === 0) return undefined;
  const messages = errors.map(({ message }) => channels.names.inText(message));
  const told = toldBy(messages, what, channels.list) ?? ended;
  if (told) return told;
  const last =
    messages.at(-1) ?? lastLine(channels.names.inText(result.stderr)) ?? `exit code ${result.code}`;
  const argument = result.code === EXIT_BAD_ARGUMENT ? "it does not know an argument: " : "";
  return internalError(`${argument}${oneLine(messages[0] && argument ? messages[0] : last)}`);
}

/** The most telling words first: what follows a cause may be any of the others. */
function toldBy(
  messages: readonly string[],
  what: FetchTrouble["what"],
  channels: readonly ChannelAddress[],
): EngineError | undefined {
  const all = messages.join("\n");
  const saying = (pattern: RegExp) => {
    const message = messages.find((one) => pattern.test(one));
    return message === undefined ? undefined : oneLine(message);
  };
  const disk = saying(DISK);
  if (disk) return diskError(disk);
  const spec = saying(BAD_SPEC);
  if (spec) return specError(spec);
  const hash = /doesn't match expectation "([^"]+)"\s+Expected: (\S+)\s+Actual: (\S+)/.exec(all);
  if (hash) return checksumError(hash[1]?.split("/").at(-1) ?? "", hash[2] ?? "", hash[3] ?? "");
  const transfer = transferOf(all, what);
  if (transfer) return fetchError(transfer, channels);
  const memory = saying(MEMORY);
  if (memory) return memoryError(memory);
  if (INTERRUPTED.test(all)) return internalError("it was interrupted");
  const unpacked = saying(BROKEN_PACKAGE);
  if (unpacked) return unreadablePackageError("A package", unpacked);
  const broken = saying(BROKEN_INDEX);
  if (broken) return brokenIndexError(broken, channels);
  return /longer than the placeholder/.test(all) ? prefixError() : undefined;
}

/** @returns the error for a solve that has no solution, or undefined if that is not what happened. */
export function unsolvableOf(
  errors: readonly MambaRecord[],
  request: SolveRequest,
  names: TrueChannels,
): EngineError | undefined {
  const tree = treeOf(errors);
  return tree === undefined ? undefined : solveError(troubleOf(names.inText(tree), request), request);
}

function treeOf(errors: readonly MambaRecord[]): string | undefined {
  const message = errors.find(({ message }) => message.startsWith(`${UNSOLVABLE}\n`))?.message;
  return message
    ?.slice(UNSOLVABLE.length + 1)
    .split("\n")
    .map((line) => line.replace(/^ {4}/, ""))
    .join("\n");
}

function troubleOf(tree: string, request: SolveRequest): SolveTrouble {
  const problems = parseProblems(tree);
  const matching = (pattern: RegExp): Unmet[] => {
    const found = problems.flatMap((problem) => {
      const requirement = pattern.exec(problem.text)?.[1];
      return requirement === undefined
        ? []
        : [{ requirement: plain(requirement), wantedBy: wantedBy(problem) }];
    });
    // One line for one requirement, however many versions of a package want it.
    return [...new Map(found.map((unmet) => [unmet.requirement, unmet])).values()];
  };
  const notFound = matching(/^(.+?),? does not exist \(perhaps a typo/);
  if (notFound.length > 0) return { failure: "not_found", unmet: notFound, tree };
  const inConflict = problems.some(({ text }) => /conflicts with any installable versions/.test(text));
  const virtual = matching(/^(__.+?),? (?:which )?is missing on the system/);
  if (!inConflict && virtual.length > 0) return { failure: "virtual_package", unmet: virtual, tree };
  const missing = matching(/^(.+?),? which does not exist/);
  if (!inConflict && missing.length > 0) return { failure: "missing_dependency", unmet: missing, tree };
  const roots = problems
    .filter(({ path }) => path.length === 1)
    .map(({ text }) => plain(text.replace(/ (?:is|can|does|has)\b.*$/, "").replace(/, which\b.*$/, "")));
  return {
    failure: "conflict",
    unmet: (roots.length > 0 ? roots : request.specs).map((requirement) => ({ requirement, wantedBy: [] })),
    tree,
  };
}

/** Without the headline and what the lines say besides. */
function wantedBy({ path }: Problem): string[] {
  return path.slice(1).map((text) => plain(text.replace(/,? (?:is|which|can|would)\b.*$/, "")));
}

/** mamba writes every requirement as `name version build`, with `=*` and `*` for what was not asked. */
function plain(requirement: string): string {
  return requirement.trim().replace(/ \*$/, "").replace(/ =\*$/, "");
}

/** The last word on a transfer is the cause; earlier records repeat for every attempt. */
function transferOf(all: string, asked: FetchTrouble["what"]): FetchTrouble | undefined {
  const finalized = [...all.matchAll(/Transfer finalized, status: (?<status>\d+) \[(?<url>[^\]]+)\]/g)].at(
    -1,
  );
  const failed = [...all.matchAll(/Download error \(\d+\) (?<detail>[^\n[]+?) \[(?<url>[^\]]+)\]/g)].at(-1);
  // All that is told where it crashed over it.
  const ofPackage = [
    ...all.matchAll(/Failed to download package from (?<url>\S+) \(status (?<status>\d+)\)/g),
  ].at(-1);
  const { url, status, detail } = (finalized ?? failed ?? ofPackage)?.groups ?? {};
  if (url === undefined) return undefined;
  return {
    what: isPackage(url) ? "package" : asked,
    url,
    status: status === undefined ? undefined : Number(status),
    detail: detail ?? "",
  };
}

function isPackage(url: string): boolean {
  return /\.(?:conda|tar\.bz2)$/.test(url);
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, "; ");
}

function lastLine(text: string): string | undefined {
  return text.trim().split("\n").at(-1) || undefined;
}
