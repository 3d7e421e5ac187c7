/**
 * From what was posted, or read from a file, to what is submitted: settings, room and rules of the place where it goes.
 * @module
 */
import type { Db } from "#adapters/dynamodb/db.ts";
import { getBuildCounts } from "#adapters/dynamodb/namespaces.ts";
import { readSubmissionPlace } from "#adapters/dynamodb/submission-place.ts";
import type { Submission } from "#adapters/dynamodb/submit.ts";
import { mustHaveRoom } from "#core/namespace/quota.ts";
import { baseImageFor, type LayeredSettings, layerSettings } from "#core/settings/scope.ts";
import type { Settings } from "#core/settings/settings.ts";
import type { Posted } from "#core/specification/posted.ts";

interface Preparing {
  readonly db: Db;
  /** The deployment's. */
  readonly settings: Settings;
  readonly allowPrivateHosts: readonly string[];
}

type Place = Required<Pick<Submission, "place" | "artifactsWanted" | "baseImage">>;
export type Prepared = Place & Omit<Submission, "createNamespace">;

/**
 * Changes nothing.
 * @throws AppError `setting_violated` also for a namespace that is full, `invalid_specification`
 */
export async function prepareSubmission(
  { db, settings: deployment, allowPrivateHosts }: Preparing,
  namespace: string,
  { name, complete, frozenLock }: Posted,
): Promise<Prepared> {
  const { layered, ...prepared } = await preparePlace({ db, settings: deployment }, namespace, name);
  const { settings, describe } = layered;
  const { description, ...specification } = complete({ settings, describe, allowPrivateHosts });
  return {
    namespace,
    environment: name,
    description,
    specification: { ...specification, name },
    ...(frozenLock === undefined ? {} : { frozenLock }),
    ...prepared,
    at: new Date(),
  };
}

/**
 * What a submission meets and what its build is to make, by the settings that hold there now.
 * @throws AppError `setting_violated` also for a namespace that is full
 */
export async function preparePlace(
  { db, settings: deployment }: Omit<Preparing, "allowPrivateHosts">,
  namespace: string,
  environment: string,
): Promise<Place & { readonly layered: LayeredSettings }> {
  const place = await readSubmissionPlace(db, namespace, environment);
  const layered = layerSettings(deployment, place.settings);
  const baseImage = baseImageFor(layered, deployment);
  await mustHaveRoomIn(db, namespace, layered);
  return { place, baseImage, artifactsWanted: layered.settings.build_artifacts, layered };
}

/** Reads what the namespace holds only if there is a quota. @throws AppError setting_violated */
async function mustHaveRoomIn(db: Db, namespace: string, layered: LayeredSettings): Promise<void> {
  if (layered.settings.namespace_quota_bytes === 0) return;
  mustHaveRoom(namespace, (await getBuildCounts(db, namespace)).sizeBytes, layered);
}
