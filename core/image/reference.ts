/**
 * References to images, as `docker pull` takes them.
 * @module
 */

export interface ImageReference {
  /** Where the registry answers, without trailing slash. */
  readonly origin: string;
  /** `library/debian` */
  readonly repository: string;
  /** A tag, or a digest where there is one. */
  readonly reference: string;
}

/** What images of environments are put on unless somebody says otherwise: small, and with the C library that packages want. */
export const BASE_IMAGE = "docker.io/library/debian:stable-slim";
/** For an image from nothing: docker's own word. */
export const FROM_NOTHING = "scratch";

/** A root file system in a gzip tar at an address, held to its digest. */
export interface TarReference {
  readonly url: string;
  readonly digest: string;
}

/** `https://host/root.tar.gz#sha256:…`. @returns null when the text is none */
export function parseTarReference(text: string): TarReference | null {
  const [url = "", digest = "", ...more] = text.split("#");
  if (text.length > LENGTH_MAX || more.length > 0 || !DIGEST.test(digest)) return null;
  const { username, password } = URL.parse(url) ?? {};
  const isPlain = username === "" && password === "" && WEB.test(url) && !UNSEEN.test(url);
  return isPlain ? { url, digest } : null;
}

/** Whether images can be put on it. */
export const isBaseImage = (text: string): boolean =>
  text === FROM_NOTHING || parseReference(text) !== null || parseTarReference(text) !== null;

const HOST = /^(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const WEB = /^https?:\/\//;
/** What a parser of addresses takes out, so that people would read another one. */
const UNSEEN = /[^\x21-\x7e]|\\/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const LENGTH_MAX = 500;
const DOCKERS = "docker.io";

/** @returns null when the text is no reference */
export function parseReference(text: string): ImageReference | null {
  if (text.length > LENGTH_MAX) return null;
  const [named = "", digest, ...more] = text.split("@");
  if (more.length > 0 || (digest !== undefined && !DIGEST.test(digest))) return null;
  const [first = "", ...rest] = named.split("/");
  const hasHost = rest.length > 0 && isHost(first);
  const [path = "", tag = "latest", ...others] = (hasHost ? rest.join("/") : named).split(":");
  const host = hasHost ? first : DOCKERS;
  const repository = host === DOCKERS && !path.includes("/") ? `library/${path}` : path;
  const origin = originOf(host);
  if (others.length > 0 || origin === null || !REPOSITORY.test(repository) || !TAG.test(tag)) return null;
  return { origin, repository, reference: digest ?? tag };
}

/** The first part of a name is a host's if it looks like one; else it is docker's own registry that is meant. */
const isHost = (first: string): boolean => /[.:]/.test(first) || first === "localhost";

/** Docker's own registry has another name than its images; on one's own machine nobody has certificates. */
function originOf(host: string): string | null {
  if (!HOST.test(host)) return null;
  if (host === DOCKERS) return "https://registry-1.docker.io";
  const [name] = host.split(":");
  const scheme = name === "localhost" || name === "127.0.0.1" ? "http" : "https";
  return URL.parse(`${scheme}://${host}`)?.origin ?? null;
}

/** Where base images may come from. */
export interface BaseSource {
  readonly kind: "registry" | "tars";
  readonly origin: string;
  /** Of a registry, the repository or what a `/` follows in it; empty for all of it. */
  readonly path: string;
}

/** `ghcr.io`, `ghcr.io/team`, or `https://files.example.org` for tars. @returns null when the text is none */
export function parseBaseSource(text: string): BaseSource | null {
  if (text.length > LENGTH_MAX) return null;
  if (WEB.test(text)) {
    const url = UNSEEN.test(text) ? null : URL.parse(text);
    return url?.href === `${url?.origin}/` ? { kind: "tars", origin: url.origin, path: "" } : null;
  }
  const [host = "", ...rest] = text.split("/");
  const path = rest.join("/");
  const origin = isHost(host) ? originOf(host) : null;
  const isPath = rest.length === 0 || REPOSITORY.test(path);
  return origin === null || !isPath ? null : { kind: "registry", origin, path };
}

/** Where base images may come from unless somebody says otherwise: docker's own ones, and where the deployment's comes from. */
export function usualSources(baseImage: string): string[] {
  const { origin, repository = "" } = parseReference(baseImage) ?? {};
  const docker = `${DOCKERS}/library`;
  if (origin === undefined) return [docker];
  const host = origin === originOf(DOCKERS) ? DOCKERS : new URL(origin).host;
  const place = `${host}/${repository}`;
  return place.startsWith(`${docker}/`) ? [docker] : [docker, place];
}

/** Whether a base image is from one of these places; an image from nothing is from everywhere. */
export function isFrom(baseImage: string, sources: readonly string[]): boolean {
  if (baseImage === FROM_NOTHING) return true;
  const tar = parseTarReference(baseImage);
  const image = parseReference(baseImage);
  return sources.some((text) => {
    const { kind, origin, path = "" } = parseBaseSource(text) ?? {};
    if (tar !== null) return kind === "tars" && origin === new URL(tar.url).origin;
    return (
      kind === "registry" &&
      origin === image?.origin &&
      (path === "" || `${image?.repository}/`.startsWith(`${path}/`))
    );
  });
}
