/**
 * Accepting a specification: build, environment, namespace and place in the line come into being together.
 * @module
 */
import { type Build, buildKeyOf } from "#core/build/build.ts";
import { submitWrites } from "#core/build/state-machine.ts";
import type { ArtifactType } from "#core/build/status.ts";
import { NO_NEED, needAt } from "#core/build/task-size.ts";
import { NO_TRIES } from "#core/build/tries.ts";
import type { Environment } from "#core/environment/environment.ts";
import { AppError } from "#core/errors.ts";
import type { EnvironmentName, NamespaceName } from "#core/names.ts";
import type { Namespace } from "#core/namespace/namespace.ts";
import { type AuditedDb, auditItem } from "./audit.ts";
import { fromBuild } from "./builds.ts";
import { nextBuild, nextId } from "./counters.ts";
import type { Db } from "./db.ts";
import { createEnvironment } from "./environments.ts";
import { UNSET } from "./expression.ts";
import { holdItems } from "./holds.ts";
import { buildItemKey, buildRowKey, environmentKey, namespaceKey } from "./keys.ts";
import { itemOf } from "./moves.ts";
import { beingDeleted, createNamespaceItem } from "./namespaces.ts";
import { type CountedRequest, countItem, isFull } from "./rates.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { keepSpecification, type NewSpecification, packSpecification } from "./specifications.ts";
import { readSubmissionPlace, type SubmissionPlace } from "./submission-place.ts";
import { type TransactItem, transact } from "./transact.ts";
import { change, check, create } from "./transact-items.ts";

export interface Submission {
  readonly namespace: string;
  readonly environment: string;
  /** Overwrites the environment's description unless it is empty. */
  readonly description: string;
  readonly specification: NewSpecification;
  /** Whether the caller may have a missing namespace made. */
  readonly createNamespace: boolean;
  /** Only in this environment, which must still be there: for a build that is made again. */
  readonly environmentId?: number;
  /** Object key of the lockfile to build from, instead of a new solve. */
  readonly frozenLock?: string;
  /** What the build is to make, by the settings that hold for its environment now. */
  readonly artifactsWanted?: readonly ArtifactType[];
  /** What its image is put on, likewise; null when it is to have none. */
  readonly baseImage?: string | null;
  /** What was there a moment ago: the first try relies on it. */
  readonly place?: SubmissionPlace;
  /** Whose request it is: counted with what is written. */
  readonly counted?: CountedRequest;
  /** The caller's own item, written with the build or not at all; on its condition the submission depends. */
  readonly note?: (buildId: number) => TransactItem;
  /** File that it was read from, for the audit. */
  readonly file?: string;
  readonly at: Date;
}

/** The condition of the caller's note did not hold: nothing is written. */
export class NoteRefused extends Error {}

export interface Submitted {
  readonly buildId: number;
  readonly environmentId: number;
  readonly created: { readonly namespace: boolean; readonly environment: boolean };
}

/**
 * Stores a specification with a new QUEUED build, in one transaction; nothing is left behind by a refused one. The same
 * specification twice, also at once, makes two builds. The caller sends the wake-up afterwards.
 * @throws AppError namespace_not_found, environment_not_found, conflict (the namespace is being deleted), invalid_request (too
 * large), try_again, too_many_requests
 * @throws NoteRefused
 */
export async function submitSpecification(db: AuditedDb, submission: Submission): Promise<Submitted> {
  const { specification, counted, at } = submission;
  const taken = lazyIds(db);
  let content: Uint8Array | undefined;
  return await withRetry(async (n) => {
    const { namespace, environment } =
      (n === 0 && submission.place) ||
      (await readSubmissionPlace(db, submission.namespace, submission.environment));
    if (!namespace && !submission.createNamespace) {
      throw new AppError("namespace_not_found", "namespace does not exist");
    }
    if (namespace && namespace.deletedOn !== null) throw beingDeleted(namespace.name);
    if (submission.environmentId !== undefined && environment?.id !== submission.environmentId) {
      throw new AppError("environment_not_found", "environment does not exist");
    }
    content ??= await packSpecification(specification);
    const [{ id: buildId, turn }, namespaceId] = await Promise.all([
      taken.build(),
      namespace?.id ?? taken.namespaceId(),
    ]);
    // A build makes at most one environment and one document: its id is good for them too.
    const environmentId = environment?.id ?? buildId;
    const memoryMiB = environment ? needAt(environment.need, at) : 0;
    const build = newBuild(submission, buildId, environmentId, memoryMiB, db.origin.requestId);
    const note = submission.note?.(buildId);
    const items = [
      ...(note ? [note] : []),
      keepSpecification(db, specification, content, buildId, at),
      create(db, buildItemKey(buildId), fromBuild(build)),
      create(db, buildRowKey(build.namespace, build.environment, buildId), { id: buildId, environmentId }),
      ...submitWrites(build, turn).map((write) => itemOf(db, write, null)),
      namespace
        ? namespaceChange(db, namespace, !environment)
        : createNamespaceItem(db, newNamespace(submission, namespaceId)),
      environment
        ? environmentChange(db, environment, submission.description)
        : createEnvironment(db, newEnvironment(submission, environmentId, namespaceId, buildId)),
      ...(build.frozenLock === null ? [] : holdItems(db, buildId, build.frozenLock)),
      auditItem(
        db,
        {
          action: "build.create",
          namespace: build.namespace,
          environment: build.environment,
          build: buildId,
          details: {
            specification: specification.sha256,
            new: [...(namespace ? [] : ["namespace"]), ...(environment ? [] : ["environment"])],
            ...(submission.file === undefined ? {} : { file: submission.file }),
          },
        },
        at,
      ),
      ...(counted ? [countItem(db, counted)] : []),
    ];
    const outcome = await transact(db, items);
    if (note && outcome.kind === "condition" && outcome.failed.includes(0)) throw new NoteRefused();
    if (counted && outcome.kind === "condition" && outcome.failed.includes(items.length - 1)) {
      throw isFull(db, counted);
    }
    // A condition that failed means that another writer made something in between: look again.
    if (outcome.kind !== "done") return AGAIN;
    return { buildId, environmentId, created: { namespace: !namespace, environment: !environment } };
  });
}

/** Takes each at most once, whatever the number of tries. */
function lazyIds(db: Db) {
  let build: ReturnType<typeof nextBuild> | undefined;
  let namespaceId: Promise<number> | undefined;
  return {
    build: () => {
      build ??= nextBuild(db);
      return build;
    },
    namespaceId: () => {
      namespaceId ??= nextId(db, "namespace");
      return namespaceId;
    },
  };
}

function newBuild(
  submission: Submission,
  id: number,
  environmentId: number,
  memoryMiB: number,
  requestId: string | null,
): Build {
  const { specification, at } = submission;
  return {
    id: id as Build["id"],
    namespace: submission.namespace as NamespaceName,
    environment: submission.environment as EnvironmentName,
    environmentId,
    specificationSha256: specification.sha256 as Build["specificationSha256"],
    document: specification.document as Build["document"],
    buildKey: buildKeyOf(specification.sha256, at, id, specification.name),
    status: "QUEUED",
    statusInfo: "Waiting for a free slot.",
    scheduledOn: at,
    waitingSince: at,
    startedOn: null,
    endedOn: null,
    sizeBytes: 0,
    attempt: 0,
    dispatched: 0,
    lastAttempt: 0,
    memoryMiB,
    tries: NO_TRIES,
    lastTrouble: null,
    slot: null,
    share: null,
    artifacts: [],
    lockDigest: null,
    frozenLock: submission.frozenLock ?? null,
    pinnedOn: null,
    deletedOn: null,
    requestId,
    artifactsWanted: submission.artifactsWanted ?? null,
    baseImage: submission.baseImage ?? null,
  };
}

const newNamespace = ({ namespace, at }: Submission, id: number): Namespace => ({
  id,
  name: namespace as NamespaceName,
  createdAt: at,
  environments: 1,
});

function newEnvironment(
  submission: Submission,
  id: number,
  namespaceId: number,
  buildId: number,
): Environment {
  return {
    id,
    namespace: { id: namespaceId, name: submission.namespace as NamespaceName },
    name: submission.environment as EnvironmentName,
    description: submission.description,
    currentBuildId: buildId,
    currentAfter: 0,
    builds: 1,
    createdAt: submission.at,
    need: NO_NEED,
    link: { version: 0, buildKey: null },
    use: null,
  };
}

/** The namespace must still be the one that was read; it counts its environments. */
const namespaceChange = (db: Db, { name, id }: Namespace, newEnvironment: boolean): TransactItem =>
  newEnvironment
    ? change(db, namespaceKey(name), { add: { environments: 1 }, where: { id, deletedOn: UNSET } })
    : check(db, namespaceKey(name), { id, deletedOn: UNSET });

/** It counts its builds, and the last description that says something stays. */
const environmentChange = (db: Db, { namespace, name, id }: Environment, description: string): TransactItem =>
  change(db, environmentKey(namespace.name, name), {
    ...(description === "" ? {} : { set: { description } }),
    add: { builds: 1 },
    where: { id },
  });
