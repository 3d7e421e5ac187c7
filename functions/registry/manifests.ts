/**
 * Manifests by tag and by digest. Tags follow from builds: one read finds the build, which names its manifest.
 * @module
 */
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { findRepositoryBlob, findTag } from "#adapters/dynamodb/repositories.ts";
import { getObject } from "#adapters/s3/objects.ts";
import type { Build } from "#core/build/build.ts";
import { DOCKER_MANIFEST, digestOf, hexOf, inDockersWords, OCI_MANIFEST } from "#core/image/manifest.ts";
import { LATEST, TAG_CHARS_MAX } from "#core/image/tags.ts";
import { manifestKey } from "#core/layout.ts";
import { RegistryError } from "./errors.ts";
import type { RegistryReply, RegistryRequest, RepositoryName, Services } from "./services.ts";

interface Found {
  readonly mediaType: string;
  readonly text: string;
}

export async function getManifest(
  services: Services,
  request: RegistryRequest,
  repository: RepositoryName,
  reference: string,
): Promise<RegistryReply> {
  const byDigest = reference.includes(":");
  const { mediaType, text } = byDigest
    ? await manifestByDigest(services, repository, reference)
    : await manifestByTag(services, request, repository, reference);
  const digest = digestOf(text);
  const headers = {
    "docker-content-digest": digest,
    etag: `"${digest}"`,
    // What a digest names is the same for ever; a tag's meaning is asked for each time.
    "cache-control": byDigest ? "private, max-age=31536000, immutable" : "private, no-cache",
  };
  if (request.headers["if-none-match"] === headers.etag) return { status: 304, headers, body: "" };
  return {
    status: 200,
    headers: { ...headers, "content-type": mediaType, "content-length": String(Buffer.byteLength(text)) },
    body: text,
  };
}

async function manifestByDigest(
  { db, bucket }: Services,
  repository: RepositoryName,
  digest: string,
): Promise<Found> {
  const hex = hexOf(digest);
  if (hex === null) throw new RegistryError("DIGEST_INVALID");
  const found = await findRepositoryBlob(db, repository, digest);
  const isManifest = found?.mediaType === OCI_MANIFEST || found?.mediaType === DOCKER_MANIFEST;
  const text = isManifest ? await getObject(bucket, manifestKey(hex)) : null;
  if (!found || text === null) throw new RegistryError("MANIFEST_UNKNOWN");
  return { mediaType: found.mediaType, text: text.toString("utf8") };
}

async function manifestByTag(
  services: Services,
  { headers }: RegistryRequest,
  repository: RepositoryName,
  tag: string,
): Promise<Found> {
  const build = await buildOfTag(services, repository, tag);
  const artifact = build.status === "COMPLETED" ? imageOf(build) : undefined;
  if (!artifact) throw new RegistryError("MANIFEST_UNKNOWN", { message: whyMissing(build) });
  const text = (await getObject(services.bucket, artifact.key))?.toString("utf8");
  if (text === undefined) throw new RegistryError("MANIFEST_UNKNOWN");
  return speaksDockersOnly(headers["accept"] ?? "")
    ? { mediaType: DOCKER_MANIFEST, text: inDockersWords(text) }
    : { mediaType: OCI_MANIFEST, text };
}

export const imageOf = ({ artifacts }: Build) => artifacts.find(({ type }) => type === "DOCKER_MANIFEST");

const speaksDockersOnly = (accept: string): boolean =>
  accept.includes(DOCKER_MANIFEST) && !accept.includes(OCI_MANIFEST) && !accept.includes("*/*");

async function buildOfTag({ db }: Services, repository: RepositoryName, tag: string): Promise<Build> {
  const { namespace, environment } = repository;
  if (tag === LATEST) {
    const current = await getEnvironment(db, namespace, environment);
    if (!current) throw new RegistryError("NAME_UNKNOWN");
    return await buildOf({ db }, repository, current.currentBuildId);
  }
  if (tag.length > TAG_CHARS_MAX) throw new RegistryError("MANIFEST_UNKNOWN");
  const id = idIn(tag) ?? (await findTag(db, repository, tag));
  const build = await buildOf({ db }, repository, id);
  const names = [String(build.id), build.buildKey, build.lockDigest];
  if (!names.includes(tag)) throw new RegistryError("MANIFEST_UNKNOWN");
  return build;
}

/** A build's id is a tag, and stands in its build key; null for another tag. */
function idIn(tag: string): number | null {
  const [, plain, inKey] = /^(?:([1-9]\d{0,14})|[0-9a-f]{8}-\d+-([1-9]\d{0,14})-.+)$/.exec(tag) ?? [];
  const digits = plain ?? inKey;
  return digits === undefined ? null : Number(digits);
}

async function buildOf(
  { db }: Pick<Services, "db">,
  { namespace, environment }: RepositoryName,
  id: number | null,
): Promise<Build> {
  const build = id === null ? null : await getBuild(db, id);
  if (build?.namespace === namespace && build.environment === environment) return build;
  throw new RegistryError("MANIFEST_UNKNOWN");
}

function whyMissing({ id, status, statusInfo, deletedOn }: Build): string {
  if (deletedOn !== null) return `manifest unknown: build ${id} has been deleted`;
  if (status === "QUEUED" || status === "BUILDING") {
    return `manifest unknown: build ${id} is ${status}, pull again when it is COMPLETED`;
  }
  return status === "COMPLETED"
    ? `manifest unknown: build ${id} was made without an image, the setting build_artifacts says so`
    : `manifest unknown: build ${id} is ${status}: ${statusInfo ?? ""}`.trim();
}
