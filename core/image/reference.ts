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
  const { protocol, username, password } = URL.parse(url) ?? {};
  const isPlain = username === "" && password === "" && (protocol === "https:" || protocol === "http:");
  return isPlain ? { url, digest } : null;
}

/** Whether images can be put on it. */
export const isBaseImage = (text: string): boolean =>
  text === FROM_NOTHING || parseReference(text) !== null || parseTarReference(text) !== null;

const HOST = /^(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const LENGTH_MAX = 500;

/** @returns null when the text is no reference */
export function parseReference(text: string): ImageReference | null {
  if (text.length > LENGTH_MAX) return null;
  const [named = "", digest, ...more] = text.split("@");
  if (more.length > 0 || (digest !== undefined && !DIGEST.test(digest))) return null;
  const [first = "", ...rest] = named.split("/");
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const [path = "", tag = "latest", ...others] = (hasHost ? rest.join("/") : named).split(":");
  const host = hasHost ? first : "docker.io";
  const repository = host === "docker.io" && !path.includes("/") ? `library/${path}` : path;
  if (others.length > 0 || !HOST.test(host) || !REPOSITORY.test(repository) || !TAG.test(tag)) return null;
  return { origin: originOf(host), repository, reference: digest ?? tag };
}

/** Docker's own registry has another name than its images; on one's own machine nobody has certificates. */
function originOf(host: string): string {
  if (host === "docker.io") return "https://registry-1.docker.io";
  const [name] = host.split(":");
  return `${name === "localhost" || name === "127.0.0.1" ? "http" : "https"}://${host}`;
}
