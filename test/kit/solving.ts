/**
 * The function solve beside the API of a test, asked as the API asks it: without waiting.
 * @module
 */
import { openDb } from "#adapters/dynamodb/db.ts";
import { openLog } from "#adapters/log.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { type SolveContext, solveAsked } from "#functions/solve/solve.ts";
import type { LocalAws } from "./ministack.ts";

export interface Solving {
  readonly askForSolve: (id: string) => Promise<void>;
  /** All that were asked for have ended. */
  readonly rest: () => Promise<void>;
}

/** @param settings of the deployment, as the API has them */
export function openSolving(
  aws: LocalAws,
  settings: Readonly<Record<string, unknown>>,
  changes: Partial<SolveContext>,
): Solving {
  const db = openDb({ table: aws.table });
  const context: SolveContext = {
    db,
    bucket: openBucket(aws.bucket, db.client),
    settings: deploymentSettings(settings),
    allowPrivateHosts: [],
    repodataMinutesMax: 60,
    channelSecret: async () => null,
    clock: () => new Date(),
    log: openLog({ level: "error", write: () => {} }),
    ...changes,
  };
  const open = new Set<Promise<void>>();
  return {
    async askForSolve(id) {
      const solving = solveAsked(context, id).finally(() => open.delete(solving));
      open.add(solving);
    },
    async rest() {
      await Promise.all(open);
    },
  };
}
