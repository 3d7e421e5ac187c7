/**
 * Follows a build: its lines as they come, and its state after each answer, until it has ended.
 * One request at a time, held open by the server; none while the page is hidden; longer and longer pauses in trouble.
 * @module
 */
import type { BuildStatus } from "#core/build/status.ts";
import { getBuild, getBuildLogs, LOG_WAIT_SECONDS_MAX } from "#core/contract/builds.ts";
import type { Client, Outcome, Refusal } from "#core/contract/client.ts";
import type { Reply } from "#core/contract/route.ts";

export type Build = Reply<typeof getBuild>["data"];
export type LogLine = Reply<typeof getBuildLogs>["lines"][number];

const FINAL: ReadonlySet<BuildStatus> = new Set(["COMPLETED", "FAILED", "CANCELED"]);

/** Whether a build with this status stays as it is. */
export const isFinal = (status: BuildStatus): boolean => FINAL.has(status);

export interface Listener {
  readonly onBuild: (build: Build) => void;
  readonly onLines: (lines: readonly LogLine[]) => void;
  /** Asking fails for now (true), or works again (false). */
  readonly onTrouble: (trouble: boolean) => void;
  /** Asking again would not help; following has ended. */
  readonly onRefusal: (refusal: Refusal) => void;
}

/** What following needs of the browser. */
export interface Surroundings {
  readonly client: Client;
  /** Resolves when the page is visible, at once if it is; never rejects. */
  untilVisible(signal: AbortSignal): Promise<void>;
  /** A signal that is aborted when the page is hidden. */
  hidden(): AbortSignal;
  /** Resolves after the time, or when aborted. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** 0 to 1. */
  random(): number;
}

/** At most one question for lines a second, however fast they come. */
const PAUSE_MS = 1_000;
const TROUBLE_PAUSE_MS_MAX = 30_000;

/** Full jitter: many pages that lost the server together do not come back together. */
const troublePause = (failures: number, random: number): number =>
  Math.min(TROUBLE_PAUSE_MS_MAX, PAUSE_MS * 2 ** failures) * (0.5 + random / 2);

/** Statuses that a later try may cure. */
const isPassing = ({ status }: Refusal): boolean => status === 0 || status === 429 || status >= 500;

/**
 * @param signal ends the following.
 * @returns when the build has ended and its lines are read, when a refusal is final, or when aborted.
 */
export async function followBuild(
  buildId: number,
  listener: Listener,
  around: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  let cursor = "";
  let failures = 0;

  /** The value, or undefined if asking must be done again or has become useless. */
  const take = async <T>(outcome: Outcome<T> | "hidden"): Promise<T | undefined> => {
    if (outcome === "hidden" || signal.aborted) return undefined;
    if (outcome.ok) {
      if (failures > 0) listener.onTrouble(false);
      failures = 0;
      return outcome.value;
    }
    if (!isPassing(outcome)) throw new FinalRefusal(outcome);
    failures += 1;
    listener.onTrouble(true);
    await around.pause(troublePause(failures, around.random()), signal);
    return undefined;
  };

  const ask = async <T>(request: (signal: AbortSignal) => Promise<Outcome<T>>): Promise<T | undefined> => {
    await around.untilVisible(signal);
    if (signal.aborted) return undefined;
    const hidden = around.hidden();
    const either = AbortSignal.any([signal, hidden]);
    return take(await request(either).catch((error) => giveWay(error, either)));
  };

  const params = { buildId };
  const askBuild = () => ask((either) => around.client(getBuild, { params, signal: either }));
  const askLines = () => {
    const query = { after: cursor, wait: String(LOG_WAIT_SECONDS_MAX) };
    return ask((either) => around.client(getBuildLogs, { params, query, signal: either }));
  };

  try {
    for (let ended = false; !signal.aborted; ) {
      const build = await askBuild();
      if (build === undefined) continue;
      listener.onBuild(build.data);
      if (ended) return;
      const answer = await askLines();
      if (answer === undefined) continue;
      cursor = answer.cursor;
      ended = answer.ended;
      if (answer.lines.length > 0) listener.onLines(answer.lines);
      // Of a build that has ended everything is there already.
      if (!ended && !isFinal(build.data.status)) await around.pause(PAUSE_MS, signal);
    }
  } catch (error) {
    if (!(error instanceof FinalRefusal)) throw error;
    listener.onRefusal(error.refusal);
  }
}

class FinalRefusal extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** An aborted request is no failure: the page was hidden or left. */
function giveWay(error: unknown, signal: AbortSignal): "hidden" {
  if (signal.aborted) return "hidden";
  throw error;
}
