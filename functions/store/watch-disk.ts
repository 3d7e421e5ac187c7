/**
 * A pass over the watched files of the shared disk. Apart from the rest of the function, which needs no parser.
 * @module
 */
import { join } from "node:path";
import { onBehalf } from "#adapters/dynamodb/audit.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import type { Log } from "#adapters/log.ts";
import { systemOrigin } from "#core/audit/entry.ts";
import { WATCHED_DIRECTORY } from "#core/layout.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { directorySource } from "../watch/directory-source.ts";
import { type Watched, watch } from "../watch/watch.ts";

export interface DiskWatch {
  readonly db: Db;
  readonly diskDirectory: string;
  /** The deployment's, as its variable has them. */
  readonly settings: unknown;
  readonly allowedPrivateHosts: readonly string[];
  readonly auditDays: number;
  readonly log: Log;
}

export async function watchDisk(
  { db, diskDirectory, settings, allowedPrivateHosts, auditDays, log }: DiskWatch,
  signal: AbortSignal,
): Promise<Watched> {
  return await watch({
    db: onBehalf(db, systemOrigin("watch"), auditDays),
    source: directorySource(join(diskDirectory, WATCHED_DIRECTORY), log),
    settings: deploymentSettings(settings),
    allowPrivateHosts: allowedPrivateHosts,
    // Nothing of SQS is within reach of this function's network: sweep sees within a minute that the line has grown.
    wakeUp: async () => {},
    clock: () => new Date(),
    log,
    signal,
  });
}
