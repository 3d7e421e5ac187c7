/**
 * Lambda entry of solve: the API tells it which solve was asked for, and waits for no answer.
 * @module
 */
import * as v from "valibot";
import { readConfig } from "#adapters/config.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { openLog } from "#adapters/log.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { readChannelSecret } from "#adapters/secrets/channel-secret.ts";
import { channelSecretName } from "#core/layout.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { type SolveContext, solveAsked } from "./solve.ts";

/** Opened at the first event, so that a wrong environment is told in the log of an event. */
let context: SolveContext | undefined;

function open(): SolveContext {
  const config = readConfig([
    "table",
    "bucket",
    "settings",
    "allowedPrivateHosts",
    "channelSecrets",
    "repodataMinutesMax",
    "logLevel",
  ]);
  const db = openDb({ table: config.table });
  return {
    db,
    bucket: openBucket(config.bucket, db.client),
    settings: deploymentSettings(config.settings),
    allowPrivateHosts: config.allowedPrivateHosts,
    repodataMinutesMax: config.repodataMinutesMax,
    channelSecret: (namespace) =>
      readChannelSecret(db.client, channelSecretName(config.channelSecrets, namespace)),
    clock: () => new Date(),
    log: openLog({ level: config.logLevel, fields: { function: "solve", table: config.table } }),
  };
}

const Event = v.object({ solve: v.pipe(v.string(), v.uuid()) });

export async function handler(event: unknown): Promise<void> {
  context ??= open();
  await solveAsked(context, v.parse(Event, event).solve);
}
