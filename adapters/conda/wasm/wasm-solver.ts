/**
 * rattler's solver without any program: for functions, which can start no engine. It only solves.
 * @module
 */

import type { LockedPackage } from "#core/lock/lock.ts";
import { dependencyName, inInstallOrder } from "#core/lock/order.ts";
import type { IndexSource } from "#core/lock/solve-key.ts";
import { EngineError, type SolveRequest } from "#core/ports.ts";
import { checkSpecs } from "../check-request.ts";
import { lockedPackage } from "../locked-package.ts";
import { solveFailure } from "../rattler/rattler-failure.ts";
import { type TrueChannels, trueChannels } from "../true-channels.ts";
import { type IndexFile, runSolver } from "./solver-thread.ts";
import { virtualIndex, virtualRepodata } from "./virtual-index.ts";

/** Names that no resolver knows, by RFC 6761: all that the solver asks for goes through the hands of `answer`. */
const CHANNELS = "https://channels.invalid";
const VIRTUAL = "https://virtual.invalid";

/** What of which channel is asked for; null for an address that an index itself gave. */
export type IndexPlace = Pick<IndexSource, "channel" | "path"> | null;

/** @throws Error, also AddressError, when the channel cannot be asked */
export type FetchIndex = (url: URL, place: IndexPlace) => Promise<IndexFile>;

export interface WasmSolve {
  readonly packages: readonly LockedPackage[];
  /** What of the channels' indexes was read, and what is not there. */
  readonly sources: readonly IndexSource[];
}

/**
 * Solves as the engines of build tasks do: strict priority of channels, the given virtual packages and no others, pip beside
 * python where the channels have it.
 * @param request channels by their true addresses
 * @throws EngineError; whatever `fetchIndex` throws; the signal's reason
 */
export async function solveByWasm(
  request: Omit<SolveRequest, "channels"> & { readonly channels: readonly string[] },
  fetchIndex: FetchIndex,
  signal: AbortSignal,
): Promise<WasmSolve> {
  const named = request.channels.map((url, i) => ({ url, address: `${CHANNELS}/${i}` }));
  const asked = { ...request, channels: named };
  const channels = trueChannels(named);
  const virtual = virtualIndex(request.virtualPackages);
  const sources: IndexSource[] = [];
  const order = {
    specs: [...checkSpecs(asked), ...Object.keys(virtual)],
    channels: [...named.map(({ address }) => `${address}/`), `${VIRTUAL}/`],
    platforms: [request.platform, "noarch"],
  };
  const answer = async (url: URL): Promise<IndexFile> => {
    if (url.origin === VIRTUAL) return virtualFile(url, virtual);
    const channel = named.find(({ address }) => url.href.startsWith(`${address}/`));
    const place = channel && {
      channel: channel.url,
      path: url.href.slice(channel.address.length + 1),
    };
    // An index may have its shards elsewhere: that is judged like any address.
    const file = await fetchIndex(new URL(channels.toUrl(url.href) ?? url.href), place ?? null);
    if (place && (file.status === 200 || file.status === 404)) {
      sources.push({ ...place, status: file.status, validator: file.validator });
    }
    return file;
  };
  const ended = await runSolver(order, answer, signal);
  if (ended.kind === "failed") throw failureOf(ended.text, asked, channels);
  const packages = ended.packages
    .filter(({ url }) => !url.startsWith(`${VIRTUAL}/`))
    .map((item) => lockedPackage({ ...item, constrains: [], license: null, timestamp: null }, channels));
  if (packages.length === 0) {
    throw new EngineError(
      "invalid_spec",
      "There is nothing to install: every requirement is a virtual package.",
    );
  }
  return { packages: inInstallOrder(packages), sources: sources.sort(byPlace) };
}

const byPlace = (a: IndexSource, b: IndexSource): number =>
  `${a.channel} ${a.path}` < `${b.channel} ${b.path}` ? -1 : 1;

function virtualFile({ pathname }: URL, virtual: ReturnType<typeof virtualIndex>): IndexFile {
  const isThere = pathname === "/noarch/repodata.json";
  return {
    status: isThere ? 200 : 404,
    body: isThere ? virtualRepodata(virtual) : new Uint8Array(),
    validator: null,
  };
}

const MISSING =
  /No candidates were found for (?<asked>.+)\.$|(?<needed>[^\s│├└─].*), for which no candidates were found/gm;

/** The wasm build says only text; what its words mean is the same as of rattler elsewhere. */
function failureOf(text: string, request: SolveRequest, channels: TrueChannels): EngineError {
  const missing = [...text.matchAll(MISSING)].map(({ groups }) => {
    const requirement = (groups?.["asked"] ?? groups?.["needed"] ?? "").replace(/ \*$/, "");
    const name = dependencyName(requirement);
    const wasAsked = groups?.["asked"] !== undefined;
    return { requirement, name, asked: wasAsked, fulfillable: false, versions: [], similar: [] };
  });
  const isSolver = text.includes("Cannot solve the request");
  const isSpec = /match ?spec|version spec|invalid (?:version|build|package name)/i.test(text);
  const kind = isSolver ? "SolverError" : isSpec ? "InvalidMatchSpecError" : "FetchRepoDataError";
  return solveFailure({ event: "failed", kind, text, missing }, request, channels);
}
