/**
 * What builds leave behind and may share: objects in S3, directories on the shared disk, lists of packages. Each has a
 * name, by which the builds that hold it are counted; what nobody holds any more is removed.
 * @module
 */
import { PREFIXES } from "#core/layout.ts";
import type { Build } from "./build.ts";
import type { Artifact } from "./status.ts";

export type Thing =
  | { readonly kind: "object"; readonly key: string }
  /** One attempt's, whose name no other has: once removed it is never made again. */
  | { readonly kind: "directory"; readonly namespace: string; readonly directory: string }
  | { readonly kind: "packages"; readonly lockDigest: string };

const DISK = "disk/";
const LIST = "list/";
/** Of images: a build that has one holds its manifests and all that they name. */
const OF_IMAGES = [PREFIXES.blobs, PREFIXES.manifests];
const OBJECTS = [PREFIXES.archives, PREFIXES.locks, PREFIXES.exports, ...OF_IMAGES];

export const directoryThing = (namespace: string, directory: string): string =>
  `${DISK}${namespace}/${directory}`;
export const packagesThing = (lockDigest: string): string => `${LIST}${lockDigest}`;

/** @returns null for a name that none of ours has */
export function parseThing(name: string): Thing | null {
  const [root = "", first = "", ...rest] = name.split("/");
  if ([first, ...rest].some((part) => part === "" || part === "." || part === "..")) return null;
  const [second, ...more] = rest;
  if (`${root}/` === DISK && second !== undefined && more.length === 0) {
    return { kind: "directory", namespace: first, directory: second };
  }
  if (`${root}/` === LIST && second === undefined) return { kind: "packages", lockDigest: first };
  return OBJECTS.includes(`${root}/` as (typeof OBJECTS)[number]) ? { kind: "object", key: name } : null;
}

/** The thing that an artifact is; null for a log, which is its build's own. */
export function thingOf({ type, key }: Artifact): string | null {
  if (type === "LOGS") return null;
  if (type !== "DIRECTORY") return key;
  const [namespace = "", directory = ""] = key.split("/").slice(-2);
  return directoryThing(namespace, directory);
}

/** Everything that a build which has ended needs, by name. */
export function thingsOf({ artifacts, lockDigest }: Pick<Build, "artifacts" | "lockDigest">): string[] {
  const names = artifacts.map(thingOf).filter((name) => name !== null);
  return lockDigest === null ? names : [...names, packagesThing(lockDigest)];
}

/**
 * Whether a build that has ended needs a thing that it holds. What its image is made of is not named by the build: it is all
 * that it holds of images.
 */
export function needs(build: Pick<Build, "artifacts" | "lockDigest">, thing: string): boolean {
  const ofImages = OF_IMAGES.some((prefix) => thing.startsWith(prefix));
  return ofImages
    ? build.artifacts.some(({ type }) => type === "DOCKER_MANIFEST")
    : thingsOf(build).includes(thing);
}

/** `sha256:…` of a blob or manifest of images; null for another thing. */
export function imageDigestOf(thing: string): string | null {
  const hex = OF_IMAGES.map((prefix) => `${prefix}sha256/`).find((prefix) => thing.startsWith(prefix));
  return hex === undefined ? null : `sha256:${thing.slice(hex.length)}`;
}
