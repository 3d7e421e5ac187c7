/**
 * Watched files: specifications that operators keep as files, and what is known of each.
 * @module
 */
import * as v from "valibot";
import { minutesAfter } from "#core/build/job.ts";
import { WATCHED_ERROR_ENDING as ERROR_ENDING } from "#core/layout.ts";
import { NewNamespaceName } from "#core/names.ts";

/** Where files lie. */
export const WATCHED_SOURCES = ["bucket", "disk"] as const;
export type WatchedSource = (typeof WATCHED_SOURCES)[number];

export interface WatchedPlace {
  readonly source: WatchedSource;
  readonly namespace: string;
  /** Below the source's root, with the namespace's directory if it has one. */
  readonly path: string;
}

/** What is known of a file. It changes in one write, from one whole to the next. */
export interface WatchedFile extends WatchedPlace {
  /** Raised by each write. */
  readonly version: number;
  /** What the source had for this content; null: it is to be looked at again, whether it changes or not. */
  readonly mark: string | null;
  /** sha256 of the text that was looked at last; null before. */
  readonly digest: string | null;
  /** When something of this changed last. */
  readonly seenAt: string;
  /** Of the last text that was good; null before there was one. */
  readonly environment: string | null;
  /** sha256 of the document, its order kept. */
  readonly specification: string | null;
  readonly buildId: number | null;
  /** Why the text as it is now is not built; null when it is. */
  readonly error: string | null;
  /** Since when the file is gone. */
  readonly removedAt: string | null;
}

export const newWatchedFile = (place: WatchedPlace, at: Date): WatchedFile => ({
  source: place.source,
  namespace: place.namespace,
  path: place.path,
  version: 0,
  ...{ mark: null, digest: null, seenAt: at.toISOString() },
  ...{ environment: null, specification: null, buildId: null, error: null, removedAt: null },
});

/** Most files of a source; what lies behind them is not looked at. */
export const WATCHED_FILES_MAX = 10_000;
const REMOVED_SHOWN_DAYS = 30;
/** A removed file is forgotten some day; null: it is there. */
export const shownUntil = ({ removedAt }: WatchedFile): Date | null =>
  removedAt === null ? null : minutesAfter(new Date(removedAt), REMOVED_SHOWN_DAYS * 24 * 60);

/** It must fit twice into a key of the table, and with the ending of an error into one of the bucket. */
const PATH_BYTES_MAX = 480;
const SPECIFICATION = /\.(ya?ml|json)$/;
/** Of the names of directories and files: `.git`, `..data`, editors' own. */
const HIDDEN = /(^|\/)\./;

/** Whether a path is that of a specification: `.yml`, `.yaml` or `.json`, nothing hidden, and not too long. */
export const isWatched = (path: string): boolean =>
  SPECIFICATION.test(path) && !HIDDEN.test(path) && Buffer.byteLength(path) <= PATH_BYTES_MAX;

/** Where is said what is wrong with a file; never a specification's path itself. */
export const errorPathOf = (path: string): string => `${path}${ERROR_ENDING}`;
/** The file that such a path is about; null for any other path. */
export function aboutOf(path: string): string | null {
  const about = path.endsWith(ERROR_ENDING) ? path.slice(0, -ERROR_ENDING.length) : "";
  return isWatched(about) ? about : null;
}

/** The first directory is the namespace; a file without one belongs to `home`. */
export function namespaceOfPath(path: string, home: string): string {
  const slash = path.indexOf("/");
  return slash < 0 ? home : path.slice(0, slash);
}

/** Why no environment can be in such a namespace; null when one can. */
export function faultOfNamespace(namespace: string): string | null {
  const result = v.safeParse(NewNamespaceName, namespace);
  return result.success ? null : `${result.issues[0].message}: it is the name of the first directory.`;
}

/** Environment of a conda-lock file, which names none: `tools` for `team/tools.conda-lock.yml` and for `team/tools.yml`. */
export const lockNameOf = (path: string): string =>
  path
    .slice(path.lastIndexOf("/") + 1)
    .replace(SPECIFICATION, "")
    .replace(/\.conda-lock$/, "");

/** An environment with its namespace, in one text. */
export const environmentOf = (namespace: string, environment: string): string =>
  `${namespace}/${environment}`;

/**
 * The file that each environment belongs to. What is removed has none. Of several, which two sources may have built in the same moment,
 * it is the bucket's, and then the first by its path, whoever asks.
 */
export function ownersOf(files: readonly WatchedFile[]): Map<string, WatchedFile> {
  const owners = new Map<string, WatchedFile>();
  const rank = ({ source, path }: WatchedFile): string => `${source}/${path}`;
  for (const file of files.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))) {
    if (file.environment === null || file.removedAt !== null) continue;
    const name = environmentOf(file.namespace, file.environment);
    if (!owners.has(name)) owners.set(name, file);
  }
  return owners;
}

/** Of each environment the file, be it removed by now, whose build is the newest. */
export function latestOf(files: readonly WatchedFile[]): Map<string, WatchedFile> {
  const latest = new Map<string, WatchedFile>();
  for (const file of files) {
    if (file.environment === null) continue;
    const name = environmentOf(file.namespace, file.environment);
    if ((latest.get(name)?.buildId ?? 0) < (file.buildId ?? 0)) latest.set(name, file);
  }
  return latest;
}
