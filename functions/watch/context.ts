/**
 * What a pass over watched files works with.
 * @module
 */
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import type { Log } from "#adapters/log.ts";
import type { Settings } from "#core/settings/settings.ts";
import type { Source } from "./source.ts";

export interface WatchContext {
  /** On behalf of whoever is to be the author of builds. */
  readonly db: AuditedDb;
  readonly source: Source;
  /** The deployment's. */
  readonly settings: Settings;
  readonly allowPrivateHosts: readonly string[];
  /** Tells dispatch that the line has grown. */
  readonly wakeUp: (reason: string) => Promise<void>;
  readonly clock: () => Date;
  readonly log: Log;
  /** Aborts when there is no time left. */
  readonly signal: AbortSignal;
}
