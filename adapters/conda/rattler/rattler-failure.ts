/**
 * What py-rattler's exceptions mean.
 * @module
 */
import * as v from "valibot";
import { dependencyName } from "#core/lock/order.ts";
import type { ChannelAddress, EngineError, InstallRequest, SolveRequest } from "#core/ports.ts";
import {
  brokenIndexError,
  checksumError,
  diskError,
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
import { parseProblems } from "../problem-tree.ts";
import type { TrueChannels } from "../true-channels.ts";

/** A requirement that nothing fulfils, as engine.py looked it up in the channels. */
const missing = v.object({
  requirement: v.string(),
  name: v.string(),
  asked: v.boolean(),
  fulfillable: v.boolean(),
  versions: v.array(v.string()),
  similar: v.array(v.string()),
});
export const failedEvent = v.object({
  event: v.literal("failed"),
  /** Class of the Python exception. */
  kind: v.string(),
  text: v.string(),
  missing: v.optional(v.array(missing), []),
});
export type Failed = v.InferOutput<typeof failedEvent>;
type Missing = v.InferOutput<typeof missing>;

export function solveFailure(failed: Failed, request: SolveRequest, channels: TrueChannels): EngineError {
  const text = channels.inText(failed.text);
  if (failed.kind === "InvalidMatchSpecError") return specError(text.split("\n")[0] ?? text);
  if (failed.kind !== "SolverError") return transferFailure("index", text, request.channels);
  const tree = text.replace(/^Cannot solve the request because of: /, "");
  return solveError(troubleOf(tree, failed.missing, request.specs), request);
}

function troubleOf(tree: string, missing: readonly Missing[], specs: readonly string[]): SolveTrouble {
  const asked = missing.filter((one) => one.asked && !one.name.startsWith("__"));
  if (asked.length > 0) return { failure: "not_found", unmet: asked.map((one) => unmet(one, tree)), tree };
  const inConflict = /conflicts with|cannot be installed together/.test(tree);
  const virtual = missing.filter((one) => one.name.startsWith("__"));
  if (!inConflict && virtual.length > 0) {
    return { failure: "virtual_package", unmet: virtual.map((one) => unmet(one, tree)), tree };
  }
  const nowhere = missing.filter((one) => !one.fulfillable && !one.name.startsWith("__"));
  if (!inConflict && nowhere.length > 0) {
    return { failure: "missing_dependency", unmet: nowhere.map((one) => unmet(one, tree)), tree };
  }
  return { failure: "conflict", unmet: inConflictWith(tree, specs), tree };
}

function unmet(one: Missing, tree: string): Unmet {
  const problem = parseProblems(tree).find(
    ({ text }) => text.startsWith(`${one.requirement},`) || text.startsWith(`${one.requirement} *,`),
  );
  const wantedBy = (problem?.path ?? []).map(wanting).filter((name) => name !== undefined);
  return {
    requirement: one.requirement,
    wantedBy: [...new Set(wantedBy)],
    versions: one.versions,
    similar: one.similar,
  };
}

/** `wants-old 1.0.0 would require` says who; the requirement line above it says the same with a `*`. */
function wanting(line: string): string | undefined {
  return /^(.+?) would (?:require|constrain)$/.exec(line)?.[1];
}

/** The user's own requirements that take part: the tree's roots, and those on a package that some line is about. */
function inConflictWith(tree: string, specs: readonly string[]): Unmet[] {
  const roots = rootsOf(tree);
  const names = new Set(parseProblems(tree).map(({ text }) => text.split(/[\s,]/)[0]));
  const named = specs.filter((spec) => {
    const name = dependencyName(spec.split("::").at(-1) ?? spec);
    return names.has(name) && !roots.some((root) => dependencyName(root) === name);
  });
  return [...roots, ...named].map((requirement) => ({ requirement, wantedBy: [] }));
}

function rootsOf(tree: string): string[] {
  const problems = parseProblems(tree);
  const headed = problems[0]?.text.startsWith("The following packages are incompatible") ?? false;
  return problems
    .filter(({ path }) => path.length === (headed ? 1 : 0))
    .map(({ text }) => /^(.+?),? (?:can(?:not)? be installed|cannot|which)/.exec(text)?.[1])
    .filter((requirement) => requirement !== undefined)
    .map((requirement) => requirement.replace(/ \*$/, ""));
}

export function installFailure(failed: Failed, request: InstallRequest, channels: TrueChannels): EngineError {
  const text = channels.inText(failed.text);
  const hash = /hash mismatch when extracting (\S+) .*expected (\w+), got (\w+)/.exec(text);
  if (hash) return checksumError(hash[1] ?? "", hash[2] ?? "", hash[3] ?? "");
  if (/longer than the placeholder/.test(text)) return prefixError();
  return transferFailure("package", text, request.channels);
}

function transferFailure(
  what: FetchTrouble["what"],
  text: string,
  channels: readonly ChannelAddress[],
): EngineError {
  // The chain of causes, the most exact one last.
  const causes = text.split("\n").map((line) => line.replace(/^Caused by: /, "").trim());
  const detail = causes.filter(Boolean).slice(-2).join(": ");
  if (/No space left on device|os error 28\b|os error 30\b|Read-only file system/.test(text))
    return diskError(detail);
  if (/Cannot allocate memory|os error 12\b/.test(text)) return memoryError(detail);
  const status = /HTTP status \w+ error \((\d{3})/.exec(text)?.[1];
  const url = /for url \((\S+?)\)/.exec(text)?.[1];
  if (status !== undefined) return fetchError({ what, url, status: Number(status), detail }, channels);
  if (
    /error sending request|Request failed|Connect|timed out|connection|decoding response body|unexpected (?:EOF|end of file)/i.test(
      text,
    )
  ) {
    return fetchError({ what, url, detail }, channels);
  }
  if (what === "index") return brokenIndexError(detail, channels);
  const unpacked = /failed to fetch (\S+)/.exec(text)?.[1];
  return unpacked === undefined
    ? internalError(detail)
    : unreadablePackageError(unpacked, causes.at(-1) ?? detail);
}
