/**
 * One subdir of one channel: what it has now is put in force by one conditional write, from one whole index to another. Every run may
 * be repeated, raced or killed.
 * @module
 */
import { getRepodata } from "#adapters/dynamodb/repodata.ts";
import { getSettingsLayers } from "#adapters/dynamodb/settings.ts";
import { redact } from "#core/redact.ts";
import { RepodataError } from "#core/repodata/limits.ts";
import type { RepodataOrder } from "#core/repodata/order.ts";
import { type RepodataState, retrySeconds, SUMMARIES } from "#core/repodata/state.ts";
import { layerSettings } from "#core/settings/scope.ts";
import type { Settings } from "#core/settings/settings.ts";
import { keysOf } from "./channel-keys.ts";
import { busyFrom, Claim, Overtaken } from "./claim.ts";
import type { ReaderContext } from "./context.ts";
import { after, begun, cleaned } from "./outcome.ts";
import { refresh } from "./refresh.ts";
import { refreshSummaries } from "./summaries.ts";

export interface Outcome {
  readonly kind: "changed" | "unchanged" | "handedOver" | "failed";
  readonly state: RepodataState;
}

/** Why there is no time left, as the entry says it: the reason of an aborted signal. */
export class Stopped extends Error {
  /** Until the next try; null for as long as after any failure. */
  readonly retryAfterSeconds: number | null;

  constructor(message: string, retryAfterSeconds: number | null = null) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Hours in vain cost money: the next begin only after as many. */
  static after(hours: number): Stopped {
    return new Stopped(`It took longer than ${hours} hours.`, hours * 3600);
  }
}

/** A function that was aborted after less had other channels to read before this one. */
const FAIR_SHARE_MS = 10 * 60_000;
/** What has failed so often before gets no such share in the next function either. */
const FAILURES_ENOUGH = 2;

/** The settings of the whole store. */
export async function settingsOf({ db, settings }: ReaderContext): Promise<Settings> {
  return layerSettings(settings, await getSettingsLayers(db, { kind: "global" })).settings;
}

/** @returns null when somebody else is at it, or was first */
export async function readOne(
  context: ReaderContext,
  settings: Settings,
  known: RepodataState,
  believeLoss: boolean,
): Promise<Outcome | null> {
  const { db, clock } = context;
  const claim = await Claim.open(db, clock, begun(known, clock()));
  return claim && (await read(context, settings, claim, believeLoss));
}

/** What a task was started for. @returns null when it has come too late, or when there is no such channel any more */
export async function readOrdered(context: ReaderContext, order: RepodataOrder): Promise<Outcome | null> {
  const { db, clock } = context;
  const [settings, [state]] = await Promise.all([settingsOf(context), getRepodata(db, [order])]);
  if (state?.version !== order.version || state.knownSince !== order.knownSince) return null;
  const at = clock();
  const claim = await Claim.open(db, clock, { ...state, triedAt: at.toISOString(), busyUntil: busyFrom(at) });
  return claim && (await read(context, settings, claim, order.believeLoss));
}

/** A channel that is for a task to read. */
class ForATask extends Error {}

async function read(
  { log: all, ...rest }: ReaderContext,
  settings: Settings,
  claim: Claim,
  believeLoss: boolean,
): Promise<Outcome | null> {
  const { channel, subdir, owner, tooLargeForMb } = claim.state;
  const log = all.with({ channel, subdir, owner });
  const context = { ...rest, log };
  const { clock, inFunction } = context;
  const startedAt = performance.now();
  const refreshing = {
    ...context,
    believeLoss,
    signal: AbortSignal.any([context.signal, claim.lost]),
    stage: async (staged: RepodataState["staged"]): Promise<void> => {
      await claim.change({ staged });
    },
    beforeWhole: async (): Promise<void> => {
      // Of a task the entry has said so since it was handed over.
      if (inFunction === null) return;
      const { memoryMb } = inFunction;
      if (tooLargeForMb !== null && memoryMb <= tooLargeForMb) throw new ForATask();
      await claim.change({ readsWhole: { by: "function", memoryMb } });
    },
  };
  try {
    const keys = await keysOf(context, settings, owner);
    const readIt = subdir === SUMMARIES ? refreshSummaries : refresh;
    const result = await readIt({ ...refreshing, keys }, claim.state);
    const ended = await claim.end(await cleaned(context, claim, after(claim.state, result, clock())));
    const seconds = Math.round(performance.now() - startedAt) / 1000;
    log.info(`read: ${result.kind}`, { seconds, ...(result.kind === "changed" ? { how: result.how } : {}) });
    return { kind: result.kind === "changed" ? "changed" : "unchanged", state: ended };
  } catch (error) {
    if (error instanceof Overtaken || claim.lost.aborted) return null;
    if (error instanceof ForATask) return await handedOver(context, claim, believeLoss);
    return await failed(context, claim, failureOf(context, claim.state, error));
  }
}

interface Failure extends Pick<RepodataState, "tooLargeForMb"> {
  /** A sentence for operators. */
  readonly reason: string;
  /** Where the channel asks for it, or the try was too dear to be repeated soon; else null. */
  readonly retryAfterSeconds: number | null;
  /** For the log. */
  readonly error: unknown;
}

function failureOf({ signal, clock }: ReaderContext, state: RepodataState, error: unknown): Failure {
  const { tooLargeForMb, readsWhole, triedAt, failures } = state;
  const failure = { tooLargeForMb, retryAfterSeconds: null, error };
  const leftToATask = (why: string): Failure | null =>
    readsWhole?.by === "function"
      ? { ...failure, tooLargeForMb: readsWhole.memoryMb, reason: `${why}: a task reads it from now on.` }
      : null;
  if (signal.aborted) {
    if (signal.reason instanceof Stopped) {
      const { message, retryAfterSeconds } = signal.reason;
      return { ...failure, retryAfterSeconds, reason: message };
    }
    const why = "It took longer than a function may run";
    const hadItsShare = clock().getTime() - Date.parse(triedAt ?? "") >= FAIR_SHARE_MS;
    const isEnough = hadItsShare || failures >= FAILURES_ENOUGH;
    return (isEnough ? leftToATask(why) : null) ?? { ...failure, reason: `${why}.` };
  }
  if (error instanceof RepodataError) {
    const { message, retryAfterSeconds } = error;
    return { ...failure, retryAfterSeconds, reason: `The channel ${redact(message)}.` };
  }
  const full = isDiskFull(error) && leftToATask("It needs more room than a function has for temporary files");
  if (full) return full;
  return { ...failure, reason: "Something went wrong that is not the channel's fault: the log has it." };
}

const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && (error as NodeJS.ErrnoException).code === "ENOSPC";

async function failed(
  { clock, log }: ReaderContext,
  claim: Claim,
  { reason, retryAfterSeconds, tooLargeForMb, error }: Failure,
): Promise<Outcome | null> {
  const failures = claim.state.failures + 1;
  const wait = retryAfterSeconds ?? retrySeconds(failures);
  const nextAt = new Date(clock().getTime() + wait * 1000).toISOString();
  log.warn("the index of a channel could not be read", { reason, failures, error });
  return await claim
    .end({ busyUntil: null, readsWhole: null, tooLargeForMb, failures, nextAt, error: reason })
    .then((state) => ({ kind: "failed" as const, state }), ifOvertaken);
}

/** The entry waits for the task: whoever looks at it meanwhile finds somebody at work. */
async function handedOver(
  context: ReaderContext,
  claim: Claim,
  believeLoss: boolean,
): Promise<Outcome | null> {
  const { inFunction, clock, log } = context;
  const waiting = await claim
    .end({ readsWhole: { by: "task" }, busyUntil: busyFrom(clock()) })
    .catch(ifOvertaken);
  if (waiting === null || inFunction === null) return null;
  const { channel, subdir, owner, knownSince, version, tooLargeForMb } = waiting;
  const order = { channel, subdir, owner, knownSince, version, believeLoss };
  const outcome = await inFunction.startTask(order);
  if (outcome.started) {
    log.info("handed over to a task", { task: outcome.task });
    return { kind: "handedOver", state: waiting };
  }
  const reason = `A task is to read it, and there is none. ${outcome.because}`;
  return await failed(context, claim, {
    reason,
    tooLargeForMb,
    retryAfterSeconds: null,
    error: outcome.cause,
  });
}

function ifOvertaken(error: unknown): null {
  if (error instanceof Overtaken) return null;
  throw error;
}
