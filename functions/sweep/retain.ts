/**
 * Environments keep their newest builds only, if the setting `builds_kept` says so.
 * @module
 */
import { type AuditedDb, by } from "#adapters/dynamodb/audit.ts";
import { deleteBuild } from "#adapters/dynamodb/delete-build.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { readRetentionPlaces, readSurplus } from "#adapters/dynamodb/retention.ts";
import { getSettingsLayers } from "#adapters/dynamodb/settings.ts";
import type { Log } from "#adapters/log.ts";
import { systemOrigin } from "#core/audit/entry.ts";
import type { DueJob, Job } from "#core/build/job.ts";
import { AppError } from "#core/errors.ts";
import { layerSettings } from "#core/settings/scope.ts";
import type { Settings } from "#core/settings/settings.ts";

export interface RetainContext {
  readonly db: AuditedDb;
  /** The deployment's. */
  readonly settings: Settings;
  readonly clock: () => Date;
  readonly log: Log;
}

/** Environments that one job looks at in a pass. */
const PLACES_MAX = 50;
/** Builds that are deleted in one environment in a pass. */
const BUILDS_MAX = 100;

type RetentionJob = Extract<Job, { kind: "retention" }>;

/** A portion of the environments that the job means, each by what the settings say now. */
export async function retain(context: RetainContext, job: RetentionJob): Promise<DueJob | null> {
  const { db, clock } = context;
  const places = await readRetentionPlaces(db, job, PLACES_MAX);
  let isAll = true;
  for (const { namespace, environment } of places) {
    isAll = (await retainOne(context, namespace, environment)) && isAll;
    if (!isAll) break;
  }
  const last = places.at(-1);
  const due = new Date(clock().getTime() + 1000);
  if (!isAll) return { due, job };
  return last && places.length === PLACES_MAX ? { due, job: { ...job, after: last } } : null;
}

/** @returns whether nothing is left to delete */
export async function retainOne(
  { db, clock, settings: deployment, log }: RetainContext,
  namespace: string,
  name: string,
): Promise<boolean> {
  const environment = await getEnvironment(db, namespace, name);
  if (!environment) return true;
  const scope = { kind: "environment", namespace, environment: name } as const;
  const { settings } = layerSettings(deployment, await getSettingsLayers(db, scope));
  const surplus = await readSurplus(db, environment, settings.builds_kept, BUILDS_MAX);
  for (const { id } of surplus) {
    try {
      await deleteBuild(
        by(db, systemOrigin("retention").by),
        id,
        settings.build_artifacts_kept_on_deletion,
        clock(),
      );
      log.info("a build beyond builds_kept is deleted", { build: id, namespace, environment: name });
    } catch (error) {
      // Pinned, chosen or deleted since it was looked at: somebody else has decided.
      if (!(error instanceof AppError) || error.status >= 500) throw error;
    }
  }
  return surplus.length < BUILDS_MAX;
}
