/**
 * Builds: what they are and what they made.
 * @module
 */
import { getTests } from "#adapters/dynamodb/attempts.ts";
import * as builds from "#adapters/dynamodb/builds.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { countShares } from "#adapters/dynamodb/line.ts";
import { readPlace } from "#adapters/dynamodb/next-in-line.ts";
import { getPackages } from "#adapters/dynamodb/packages.ts";
import { getSpecification } from "#adapters/dynamodb/specifications.ts";
import { type PresignOptions, presign } from "#adapters/s3/presign.ts";
import { ofEnvironment, type Target } from "#core/access/pattern.ts";
import type { Build } from "#core/build/build.ts";
import { isGone } from "#core/build/deletion.ts";
import { stateOf } from "#core/build/state-machine.ts";
import { ARTIFACT_TYPES, type Artifact, type ArtifactType } from "#core/build/status.ts";
import type {
  getBuild,
  getBuildArchive,
  getBuildDocker,
  getBuildInstaller,
  getBuildLockfile,
  getBuildLogs,
  getBuildYaml,
  listBuildPackages,
} from "#core/contract/builds.ts";
import type { getEnvironmentLockfile } from "#core/contract/environments.ts";
import { dataReply, timestamp, timestampOrNull } from "#core/contract/shapes.ts";
import { AppError } from "#core/errors.ts";
import type { BuildId } from "#core/names.ts";
import { ownHosts } from "../middleware/caller.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { showLimits } from "./build-limits.ts";
import { followLog, readWholeLog } from "./build-log.ts";
import { selectPackages, showPackage } from "./build-packages.ts";

interface BuildQuestion {
  readonly params: { readonly buildId: BuildId | null };
  readonly allow: (target: Target) => Promise<void>;
}

/** The build in the path, if the entity may read its environment. Ids are sequential and no secret: missing comes first. */
export async function buildOf(
  { db }: Services,
  { params: { buildId }, allow }: BuildQuestion,
): Promise<Build> {
  const build = buildId === null ? null : await builds.getBuild(db, buildId);
  if (!build || isGone(build)) throw new AppError("build_not_found", "build id does not exist");
  await allow(ofEnvironment(build.namespace, build.environment));
  return build;
}

export const getting =
  (services: Services): Tell<typeof getBuild> =>
  async (ask) => {
    const build = await buildOf(services, ask);
    const stored = await getSpecification(services.db, build.specificationSha256, build.document);
    return dataReply({
      ...showBuild(build),
      ...(await showPlace(services, build)),
      tests: await showTests(services, build, stored?.spec),
      ...showLimits(services, build),
      specification: stored && {
        id: stored.id,
        name: stored.name,
        spec: stored.spec as Record<string, unknown>,
        sha256: stored.sha256,
        created_on: timestamp(stored.createdAt),
      },
      build_artifacts: build.artifacts.map((artifact) => showArtifact(build.id, artifact)),
    });
  };

/** A build as lists show it; conda-store leaves specification and artifacts to the single build. */
export const showBuild = (build: Build) => ({
  id: build.id,
  environment_id: build.environmentId,
  specification: null,
  packages: null,
  status: build.status,
  status_info: build.statusInfo,
  queue_position: null,
  tests: null,
  attempts: null,
  limits: null,
  size: build.sizeBytes,
  scheduled_on: timestamp(build.scheduledOn),
  started_on: timestampOrNull(build.startedOn),
  ended_on: timestampOrNull(build.endedOn),
  pinned: build.pinnedOn !== null,
  deleted_on: timestampOrNull(build.deletedOn),
  build_artifacts: null,
});

/** Where a build that waits stands. Lists do without: it is two reads more for each. */
async function showPlace({ db }: Services, build: Build) {
  if (stateOf(build) !== "waiting") return {};
  const [place, atWork] = await Promise.all([readPlace(db, build), countShares(db, build.namespace)]);
  if (!place) return {};
  const { position, of } = place;
  const where = `Number ${position} of ${of} in the line; at work for its namespace: ${atWork}.`;
  return { status_info: `${build.statusInfo ?? ""} ${where}`.trim(), queue_position: position };
}

/** One read more, where the specification has tests and a task has begun. */
async function showTests({ db }: Services, build: Build, spec: unknown) {
  const hasTests = typeof spec === "object" && spec !== null && "tests" in spec;
  if (!hasTests || build.attempt === 0) return null;
  return (await getTests(db, build.id, build.attempt))?.slice() ?? null;
}

/** An artifact needs an id that is its own for ever: a build has at most one of each type. */
const showArtifact = (buildId: number, { type, key, sizeBytes }: Artifact) => ({
  id: buildId * 16 + ARTIFACT_TYPES.indexOf(type),
  artifact_type: type,
  key,
  size: sizeBytes,
});

export const listingPackages =
  (services: Services): Tell<typeof listBuildPackages> =>
  async (ask) => {
    const { page, size } = ask.query;
    const { lockDigest } = await buildOf(services, ask);
    const installed = lockDigest === null ? [] : ((await getPackages(services.db, lockDigest)) ?? []);
    const selected = selectPackages(installed, ask.query);
    const rows = selected.slice((page - 1) * size, page * size).map(showPackage);
    return { ...dataReply(rows), page, size, count: selected.length };
  };

export const gettingLogs =
  (services: Services): Tell<typeof getBuildLogs> =>
  async (ask) => {
    const build = await buildOf(services, ask);
    const { after, wait } = ask.query;
    if (after !== undefined) return followLog(services, build, after, wait);
    const log = build.artifacts.find(({ type }) => type === "LOGS");
    if (!log) return ask.c.text(await readWholeLog(services, build));
    return ask.c.redirect(await presign(services.bucket, log.key, { contentType: TEXT }), 307);
  };

const TEXT = "text/plain; charset=utf-8";

type ArtifactRoute =
  | typeof getBuildYaml
  | typeof getBuildLockfile
  | typeof getBuildArchive
  | typeof getBuildInstaller;

/** Sends to where an artifact lies: another origin, so that clients keep their credentials to themselves. */
const redirecting =
  <R extends ArtifactRoute>(type: ArtifactType, what: string, options: (build: Build) => PresignOptions) =>
  (services: Services): Tell<R> =>
  async (ask) => {
    const build = await buildOf(services, ask);
    return ask.c.redirect(await addressOf(services, build, type, what, options(build)), 307);
  };

async function addressOf(
  { bucket }: Services,
  build: Build,
  type: ArtifactType,
  what: string,
  options: PresignOptions,
): Promise<string> {
  const artifact = build.artifacts.find((each) => each.type === type);
  if (!artifact) throw new AppError("artifact_not_found", whyMissing(build, what));
  return await presign(bucket, artifact.key, options);
}

function whyMissing({ id, status, statusInfo, deletedOn }: Build, what: string): string {
  if (deletedOn !== null) return `Build ${id} has no ${what} any more: it has been deleted.`;
  if (status === "COMPLETED")
    return `Build ${id} was made without ${what}: the setting build_artifacts says so.`;
  if (status === "QUEUED" || status === "BUILDING") {
    return `Build ${id} has no ${what} yet: it is ${status}. Ask again when it is COMPLETED.`;
  }
  return `Build ${id} has no ${what}: it is ${status}. ${statusInfo ?? ""}`.trim();
}

export const gettingYaml = redirecting<typeof getBuildYaml>("YAML", "YAML file", () => ({
  contentType: "text/yaml; charset=utf-8",
}));

export const gettingLockfile = redirecting<typeof getBuildLockfile>("LOCKFILE", "lockfile", () => ({
  contentType: "application/json",
}));

/** Of the build that the environment shows. Who may not read the environment was refused before it was looked for. */
export const gettingEnvironmentLockfile =
  (services: Services): Tell<typeof getEnvironmentLockfile> =>
  async ({ params, c }) => {
    const environment = await getEnvironment(services.db, params.namespace, params.environment);
    if (!environment) throw new AppError("environment_not_found", "environment does not exist");
    const build = await builds.getBuild(services.db, environment.currentBuildId);
    if (!build) throw new AppError("build_not_found", "build id does not exist");
    const options = { contentType: "application/json" };
    return c.redirect(await addressOf(services, build, "LOCKFILE", "lockfile", options), 307);
  };

export const gettingArchive = redirecting<typeof getBuildArchive>("CONDA_PACK", "archive", (build) => ({
  contentType: "application/gzip",
  fileName: `${build.environment}-${build.id}.tar.gz`,
  // A large archive takes its time on a slow line, but only the start of the transfer must lie within this.
  expiresSeconds: 3600,
}));

/** As docker takes it; the registry is at the root of the name that the caller knows us by. */
export const namingImage =
  (services: Services): Tell<typeof getBuildDocker> =>
  async (ask) => {
    const { id, namespace, environment, buildKey, artifacts } = await buildOf(services, ask);
    if (!artifacts.some(({ type }) => type === "DOCKER_MANIFEST")) {
      throw new AppError("image_not_found", `Build ${id} doesn't have a docker manifest`);
    }
    const host = ownHosts(ask.c).at(-1) ?? new URL(ask.c.req.url).host;
    return ask.c.text(`${host}/${namespace}/${environment}:${buildKey}`);
  };

export const gettingInstaller = redirecting<typeof getBuildInstaller>(
  "CONSTRUCTOR_INSTALLER",
  "installer",
  (build) => ({
    contentType: "application/octet-stream",
    fileName: `${build.environment}-${build.id}.sh`,
    expiresSeconds: 3600,
  }),
);
