/**
 * Manifests: which blobs an image is made of, in the words of OCI and in docker's older ones.
 * @module
 */
import { createHash } from "node:crypto";
import * as v from "valibot";

export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
export const OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
export const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

/** What docker calls the same things; what it has no word for keeps OCI's. */
const IN_DOCKERS_WORDS: Readonly<Record<string, string>> = {
  [OCI_MANIFEST]: DOCKER_MANIFEST,
  [OCI_CONFIG]: "application/vnd.docker.container.image.v1+json",
  [OCI_LAYER]: "application/vnd.docker.image.rootfs.diff.tar.gzip",
};
const IN_OCIS_WORDS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(IN_DOCKERS_WORDS).map(([oci, docker]) => [docker, oci]),
);

const DIGEST = /^sha256:([0-9a-f]{64})$/;
const Descriptor = v.object({
  mediaType: v.string(),
  digest: v.pipe(v.string(), v.regex(DIGEST, "is no sha256 digest")),
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});
const Manifest = v.object({
  schemaVersion: v.literal(2),
  mediaType: v.optional(v.string()),
  config: Descriptor,
  layers: v.array(Descriptor),
  annotations: v.optional(v.record(v.string(), v.string()), {}),
});

/** One blob, as manifests name it. */
export type Descriptor = v.InferOutput<typeof Descriptor>;
export type Manifest = v.InferOutput<typeof Manifest>;

/** `sha256:…` of these bytes. */
export const digestOf = (bytes: string | Uint8Array): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** The hexadecimal digits of a digest; null when it is no sha256 digest in its one spelling. */
export const hexOf = (digest: string): string | null => DIGEST.exec(digest)?.[1] ?? null;

export const ociType = (mediaType: string): string => IN_OCIS_WORDS[mediaType] ?? mediaType;

/** The manifest's text: the same image has the same, and so the same digest. */
export function renderManifest({
  config,
  layers,
  annotations,
}: Pick<Manifest, "config" | "layers" | "annotations">): string {
  const plain = ({ mediaType, digest, size }: Descriptor) => ({ mediaType, digest, size });
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: plain(config),
    layers: layers.map(plain),
    annotations,
  });
}

/** @throws Error when the text is no manifest of one image */
export function parseManifest(text: string): Manifest {
  const result = v.safeParse(Manifest, JSON.parse(text));
  if (result.success) return result.output;
  const [{ message }] = result.issues;
  throw new Error(`no manifest of an image: ${v.getDotPath(result.issues[0]) ?? ""} ${message}`);
}

/** The same image for clients that know docker's words only. */
export function inDockersWords(text: string): string {
  const { config, layers } = parseManifest(text);
  const translated = ({ mediaType, digest, size }: Descriptor) => ({
    mediaType: IN_DOCKERS_WORDS[mediaType] ?? mediaType,
    size,
    digest,
  });
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: translated(config),
    layers: layers.map(translated),
  });
}
