/**
 * One task: claim, build, result, and leaving nothing behind.
 * @module
 */
import { mkdir, rm } from "node:fs/promises";
import { putResult } from "#adapters/dynamodb/attempts.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import type { AttemptResult, UndecidedResult } from "#core/build/attempt.ts";
import type { Build } from "#core/build/build.ts";
import { cleanLine, firstLine } from "#core/build/log-line.ts";
import type { FinishMessage } from "#core/build/messages.ts";
import type { Engine } from "#core/ports.ts";
import { redact } from "#core/redact.ts";
import type { Settings } from "#core/settings/settings.ts";
import { BuildFailure, LeaseLost, Undecided } from "./failure.ts";
import { holdLease } from "./lease.ts";
import { type LogWriter, openLog } from "./log-writer.ts";
import type { OomCounter } from "./memory.ts";
import type { Built } from "./products.ts";
import { runBuild } from "./run-build.ts";
import { StepError } from "./step.ts";
import type { Strangers } from "./strangers.ts";
import { pathsOf, type TaskConfig } from "./task.ts";

export interface TaskParts {
  readonly config: TaskConfig;
  readonly settings: Settings;
  readonly buildId: number;
  /** This task's name, which no other has. */
  readonly owner: string;
  /** Its memory; null when nobody says. */
  readonly memoryMiB: number | null;
  readonly oomKills: OomCounter;
  readonly db: Db;
  readonly bucket: Bucket;
  /** Begun before the claim, because starting an engine takes its time. */
  readonly engine: Promise<Engine>;
  /** Begun before the claim as well. */
  readonly strangers: Promise<Strangers>;
  readonly sendFinish: (message: FinishMessage) => Promise<void>;
  /** Aborts with an Undecided when the task is told to stop. */
  readonly stop: AbortSignal;
  /** For the operator's eyes: the task's own output. */
  readonly say: (line: string) => void;
}

const REASON_LENGTH_MAX = 2_000;

/** `broken` when the task itself did not work, which is the operator's business. */
export type TaskEnd = "done" | "nothing to do" | "lease lost" | "broken";

/** @throws Error when not even a result could be stored; whoever watches the task finds out by its end */
export async function runTask(parts: TaskParts): Promise<TaskEnd> {
  const { db, buildId, owner, say, config } = parts;
  parts.engine.catch(() => {});
  parts.strangers.catch(() => {});
  const claim = await claimBuild(db, buildId, owner, new Date());
  if (!claim.won) {
    say(`build ${buildId} is not claimed: ${claim.why}`);
    return "nothing to do";
  }
  const { build, attempt } = claim;
  const who = { build: build.id, attempt, owner };
  const asked = build.requestId === null ? "" : `, asked for by request ${build.requestId}`;
  say(`build ${build.id}, attempt ${attempt}${asked}`);

  const lost = new AbortController();
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(attemptTooLong(config.maxAttemptMinutes)),
    config.maxAttemptMinutes * 60_000,
  );
  const lease = holdLease({ table: db.table, who }, (error) => lost.abort(error ?? new LeaseLost()));
  const log = openLog(parts.bucket, build.id, attempt);
  const signal = AbortSignal.any([lost.signal, limit.signal, parts.stop]);
  const paths = pathsOf(config, build, attempt);
  const { bucket, engine, memoryMiB, oomKills } = parts;
  const settings = settingsFor(build, parts.settings);
  const known = { config, settings, build, who, paths, db, bucket, engine, log, signal, memoryMiB, oomKills };
  const work = async (): Promise<Built> => {
    const strangers = await parts.strangers;
    if (strangers.missing !== null) {
      log.line("", `packages' own code runs as the build task's user: ${strangers.missing}`);
    }
    await mkdir(paths.work, { recursive: true });
    return await runBuild({ ...known, strangers, lost: () => lost.abort(new LeaseLost()) });
  };
  if (build.lastTrouble !== null) log.line("", `${build.lastTrouble} This is attempt ${attempt}.`, "stderr");
  log.line("", firstLine(new Date()));
  log.line("", `Build ${build.id}, attempt ${attempt}${asked}.`);
  let broken = false;
  let isLost = false;
  try {
    const result = await work().then(
      async (built): Promise<AttemptResult> => {
        log.line("", `The environment is built: ${built.packages} packages, ${built.sizeBytes} bytes.`);
        return { outcome: "completed", ...built, artifacts: [...built.artifacts, await log.finish()] };
      },
      async (error: unknown): Promise<AttemptResult> => {
        if (lost.signal.aborted) throw lost.signal.reason;
        const undecided = asUndecided(error);
        if (undecided) {
          log.line("", undecided.what, "stderr");
          await log.flush();
          return undecided;
        }
        const { reason, step, isOurs } = describeFailure(error);
        broken = isOurs;
        if (isOurs) say(describeForOperator(error));
        sayFailure(log, step, reason);
        const headline = cleanLine(reason.split("\n")[0] ?? "").slice(0, REASON_LENGTH_MAX);
        return { outcome: "failed", reason: headline, step, artifacts: [await log.finish()] };
      },
    );
    if (!(await putResult(db, who, result))) throw new LeaseLost();
    await parts.sendFinish({ buildId: build.id, attempt });
    say(describeResult(result));
    if (result.outcome !== "completed") {
      await remove(paths.prefix, paths.copy?.publishing, paths.copy?.published);
    }
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    say(error.message);
    isLost = true;
    await remove(paths.copy?.publishing);
  } finally {
    clearTimeout(timer);
    await lease.release();
    await parts.strangers.then((strangers) => strangers.close()).catch(() => {});
    await remove(paths.work);
    say(`peak memory of this process: ${Math.round(process.resourceUsage().maxRSS / 1000)} MB`);
  }
  if (isLost) return "lease lost";
  return broken ? "broken" : "done";
}

function asUndecided(error: unknown): UndecidedResult | null {
  const cause = error instanceof StepError ? error.cause : error;
  if (!(cause instanceof Undecided)) return null;
  return { outcome: "undecided", cause: cause.tryCause, what: cause.message, step: stepOf(error) };
}

const stepOf = (error: unknown): string => (error instanceof StepError ? error.step : "start");

function describeResult(result: AttemptResult): string {
  switch (result.outcome) {
    case "completed":
      return "completed";
    case "failed":
      return `failed in ${result.step}: ${result.reason}`;
    case "undecided":
      return `undecided in ${result.step}: ${result.what}`;
  }
}

/** The whole explanation first; the last line of the log alone says what happened and what to do. */
function sayFailure(log: LogWriter, step: string, reason: string): void {
  const [headline = "", ...rest] = reason.split("\n");
  for (const line of rest) log.line(step, line, "stderr");
  log.line("", `FAILED: ${headline}`, "stderr");
}

function describeFailure(error: unknown): { reason: string; step: string; isOurs: boolean } {
  const step = stepOf(error);
  const cause = error instanceof StepError ? error.cause : error;
  if (cause instanceof BuildFailure) return { reason: redact(cause.message), step, isOurs: false };
  const what = redact(cause instanceof Error ? cause.message : String(cause)).split("\n")[0] ?? "";
  return {
    reason:
      `Something went wrong in the step "${step}" that is not the specification's fault (${what}): ` +
      "build again, and tell the operator if it happens again.",
    step,
    isOurs: true,
  };
}

function describeForOperator(error: unknown): string {
  const cause = error instanceof StepError ? error.cause : error;
  return redact(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
}

function attemptTooLong(minutes: number): BuildFailure {
  return new BuildFailure(
    `The build took longer than the limit of ${minutes} minutes for one attempt (maxAttemptMinutes) and was ended: ` +
      "make the environment smaller, or ask the operator for a longer limit.",
  );
}

/** What cannot be removed now goes with the task's disk. */
async function remove(...paths: readonly (string | undefined)[]): Promise<void> {
  const there = paths.filter((path) => path !== undefined);
  await Promise.all(there.map((path) => rm(path, { recursive: true, force: true }).catch(() => {})));
}

/** What was set when the build was asked for counts; all else is the deployment's. */
const settingsFor = ({ artifactsWanted }: Build, settings: Settings): Settings =>
  artifactsWanted === null ? settings : { ...settings, build_artifacts: [...artifactsWanted] };
