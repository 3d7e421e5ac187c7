/**
 * Lambda entry of prefetch: EventBridge, every quarter of an hour, and the API when somebody asks for it.
 * @module
 */
import type { Context } from "aws-lambda";
import { readConfig } from "#adapters/config.ts";
import { openTasks } from "#adapters/ecs/start-task.ts";
import { readIndexRequest } from "#core/repodata/index-request.ts";
import { taskStarter } from "./hand-over.ts";
import { openReader } from "./open-reader.ts";
import { type Prefetched, prefetch } from "./prefetch.ts";

/** Opened at the first event, so that a wrong environment is told in the log of an event. */
let context: ReturnType<typeof open> | undefined;

function open() {
  const config = readConfig([
    ...(["table", "bucket", "settings", "allowedPrivateHosts", "channelSecrets"] as const),
    ...(["privateIndexedChannels", "logLevel", "cluster", "taskDefinition", "subnets"] as const),
    ...(["securityGroups", "assignsPublicIp"] as const),
  ]);
  return {
    ...openReader(config, { function: "prefetch" }),
    privateChannels: config.privateIndexedChannels,
    startTask: taskStarter(openTasks(config)),
  };
}

/** An index that is younger is nobody's business. */
const TOLD_SECONDS = 3600;
/** Time that is left for saying what was done. */
const LAST_WORDS_MS = 20_000;

export async function handler(
  event: unknown,
  lambda?: Pick<Context, "getRemainingTimeInMillis" | "memoryLimitInMB">,
): Promise<Prefetched> {
  context ??= open();
  const left = (lambda?.getRemainingTimeInMillis() ?? 900_000) - LAST_WORDS_MS;
  const signal = AbortSignal.timeout(Math.max(1_000, left));
  const { startTask, ...rest } = context;
  const inFunction = { memoryMb: Number(lambda?.memoryLimitInMB ?? 0), startTask };
  const done = await prefetch({ ...rest, inFunction, signal }, readIndexRequest(event));
  // A metric is paid for by the hour in which it has values: while nothing happens there are none.
  if (done.changed + done.failed > 0 || done.oldestSeconds > TOLD_SECONDS) {
    context.log.measure({
      IndexesChanged: done.changed,
      IndexesFailed: done.failed,
      OldestIndex: done.oldestSeconds,
    });
  }
  context.log.info("prefetched", { ...done });
  return done;
}
