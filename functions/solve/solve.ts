/**
 * Solving what somebody asked for, and keeping the lock for a build.
 * @module
 */
import { AwsError } from "#adapters/aws-json.ts";
import { fetchKeptFirst, openFetchIndex } from "#adapters/channel/fetch-index.ts";
import { openKeptIndexes } from "#adapters/channel/kept-indexes.ts";
import { solveByWasm } from "#adapters/conda/wasm/wasm-solver.ts";
import {
  beginSolve,
  endSolve,
  failSolve,
  getAskedSolve,
  keepForSolve,
  type StoredSolve,
} from "#adapters/dynamodb/asked-solves.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import type { Log } from "#adapters/log.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { putObject } from "#adapters/s3/objects.ts";
import { AddressError } from "#core/address/check-url.ts";
import { type ChannelKeys, openChannelKeys, parseChannelCredentials } from "#core/channel/credentials.ts";
import { AppError } from "#core/errors.ts";
import { lockKey } from "#core/layout.ts";
import { renderCondaLock } from "#core/lock/conda-lock.ts";
import { virtualPackagesFor } from "#core/lock/virtual-packages.ts";
import { EngineError } from "#core/ports.ts";
import { redact } from "#core/redact.ts";
import type { Settings } from "#core/settings/settings.ts";
import { SOLVE_SECONDS, SOLVER, type SolveAnswer, type SolveFault } from "#core/solve/solve.ts";
import { readAccepted } from "#core/specification/stored.ts";

export interface SolveContext {
  readonly db: Db;
  readonly bucket: Bucket;
  readonly settings: Settings;
  readonly allowPrivateHosts: readonly string[];
  /** An index of prefetch's that was not compared with the channel's for longer is not used. */
  readonly repodataMinutesMax: number;
  /** The secret with the credentials of a namespace's private channels; null where it has none. */
  readonly channelSecret: (namespace: string) => Promise<string | null>;
  readonly clock: () => Date;
  readonly log: Log;
}

/** Solves it, unless somebody has begun already; whatever happens is told in the solve. */
export async function solveAsked(context: SolveContext, id: string): Promise<void> {
  const { db, clock, log } = context;
  const stored = await getAskedSolve(db, id, clock());
  if (!stored || !(await beginSolve(db, id))) return log.info("nothing to solve", { solve: id });
  const { namespace, environment } = stored.solve;
  const beganAt = performance.now();
  try {
    const { lockDigest, answer } = await solved(context, stored);
    await endSolve(db, id, { lockDigest, answer, now: clock() });
    const seconds = Math.round((performance.now() - beganAt) / 10) / 100;
    log.info("solved", { solve: id, namespace, environment, packages: answer.packages.length, seconds });
  } catch (error) {
    const { message, fault } = explain(error);
    log[fault === "service" ? "error" : "info"]("not solved", { solve: id, namespace, environment, error });
    await failSolve(db, id, { message, fault, now: clock() });
  }
}

async function solved(
  context: SolveContext,
  { solve: { id, namespace }, question }: StoredSolve,
): Promise<{ lockDigest: string; answer: SolveAnswer }> {
  const { db, bucket, settings, allowPrivateHosts, repodataMinutesMax, clock, log } = context;
  const specification = readAccepted(question.spec, settings, allowPrivateHosts);
  const { condaSpecs: specs, channels, variables, pip } = specification;
  const platform = settings.conda_solve_platforms[0] ?? "linux-64";
  const virtualPackages = virtualPackagesFor(platform, settings.conda_virtual_packages, variables);
  const keys = openKeys(context, await context.channelSecret(namespace));
  const signal = AbortSignal.timeout(SOLVE_SECONDS * 1000);
  const request = { specs, channels, platform, virtualPackages };
  const say = (line: string): void => log.info("index", { solve: id, says: redact(line) });
  const kept = openKeptIndexes({ db, bucket, namespace, keys, minutesMax: repodataMinutesMax, say });
  const fetchIndex = fetchKeptFirst(kept, openFetchIndex(keys, allowPrivateHosts, signal));
  const { packages, sources } = await solveByWasm(request, fetchIndex, signal);
  const lock = renderCondaLock({ platform, channels, virtualPackages, packages, pipPackages: [] });
  const key = lockKey(lock.digest);
  if (!(await keepForSolve(db, key, clock()))) {
    throw new AppError(
      "try_again",
      "An older lock that is the same is being removed: ask again in a minute.",
    );
  }
  await putObject(bucket, key, lock.text, { contentType: "application/json", onlyIfAbsent: true });
  const rows = packages.map(({ fileName: _, constrains: __, license: ___, timestamp: ____, ...row }) => row);
  const answer = { solver: SOLVER, platform, packages: rows, sources, pip: pip.requirements };
  return { lockDigest: lock.digest, answer };
}

function openKeys({ settings, allowPrivateHosts }: SolveContext, secret: string | null): ChannelKeys {
  const open = (credentials: Parameters<typeof openChannelKeys>[0]): ChannelKeys =>
    openChannelKeys(credentials, settings.conda_channel_alias, allowPrivateHosts);
  if (secret === null) return open({});
  try {
    return open(parseChannelCredentials(secret));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new EngineError(
      "channel_auth",
      `The secret with the credentials of the namespace's channels ${why}: ask the operator to store it again.`,
    );
  }
}

function explain(error: unknown): { readonly message: string; readonly fault: SolveFault } {
  if (error instanceof EngineError) {
    const ofChannel = error.failure.startsWith("channel");
    const isOurs = error.failure === "internal" || error.failure === "memory";
    return {
      message: redact(error.message),
      fault: isOurs ? "service" : ofChannel ? "channel" : "specification",
    };
  }
  if (error instanceof AddressError) return { message: `${error.message}.`, fault: "specification" };
  if (error instanceof AppError) {
    return { message: error.message, fault: error.status >= 500 ? "service" : "specification" };
  }
  if (error instanceof Error && error.name === "TimeoutError") {
    const message = `The solver was stopped after ${SOLVE_SECONDS} seconds: name versions, so that there is less to try, or build without a preview.`;
    return { message, fault: "service" };
  }
  if (error instanceof AwsError || !(error instanceof Error)) return OURS;
  // What a socket says: a channel that is not there, hangs or breaks off.
  const isNetwork = "code" in error || /redirects|larger than|sent nothing/.test(error.message);
  return isNetwork
    ? { message: `A channel could not be asked: ${redact(error.message)}. Try again.`, fault: "channel" }
    : OURS;
}

const OURS = {
  message:
    "Something went wrong that is not the specification's fault: ask again, and tell the operator if it happens again.",
  fault: "service",
} as const;
