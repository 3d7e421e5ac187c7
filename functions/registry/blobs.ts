/**
 * Blobs: who may read the repository may have what its images are made of, from where it lies.
 * @module
 */
import { findRepositoryBlob } from "#adapters/dynamodb/repositories.ts";
import { PRESIGN_SECONDS_MAX, presign } from "#adapters/s3/presign.ts";
import { DOCKER_MANIFEST, hexOf, OCI_MANIFEST } from "#core/image/manifest.ts";
import { blobKey } from "#core/layout.ts";
import { RegistryError } from "./errors.ts";
import type { RegistryReply, RegistryRequest, RepositoryName, Services } from "./services.ts";

const CONTENT_TYPE = "application/octet-stream";

/** HEAD is answered here: an address that is signed for GET refuses it. Ranges are S3's to serve. */
export async function getBlob(
  { db, bucket }: Services,
  { method }: RegistryRequest,
  repository: RepositoryName,
  digest: string,
): Promise<RegistryReply> {
  const hex = hexOf(digest);
  if (hex === null) throw new RegistryError("DIGEST_INVALID");
  const blob = await findRepositoryBlob(db, repository, digest);
  if (!blob || blob.mediaType === OCI_MANIFEST || blob.mediaType === DOCKER_MANIFEST) {
    throw new RegistryError("BLOB_UNKNOWN");
  }
  const headers = { "docker-content-digest": digest, etag: `"${digest}"` };
  if (method === "HEAD") {
    const described = { "content-type": CONTENT_TYPE, "content-length": String(blob.sizeBytes) };
    return { status: 200, headers: { ...headers, ...described, "accept-ranges": "bytes" }, body: "" };
  }
  const options = { contentType: CONTENT_TYPE, expiresSeconds: PRESIGN_SECONDS_MAX };
  const location = await presign(bucket, blobKey(hex), options);
  return { status: 307, headers: { ...headers, location, "content-length": "0" }, body: "" };
}
