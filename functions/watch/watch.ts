/**
 * A pass over watched files: what has changed is built, what cannot be built is said beside the file, what is gone is noted.
 * A pass may be repeated, raced or killed: a build and the note that it is this file's are written together, or neither.
 * @module
 */
import { listWatchedFiles, putWatchedFile } from "#adapters/dynamodb/watched-files.ts";
import {
  environmentOf,
  latestOf,
  namespaceOfPath,
  newWatchedFile,
  ownersOf,
  type WatchedFile,
} from "#core/watched/file.ts";
import type { WatchContext } from "./context.ts";
import type { Found } from "./source.ts";
import { takeFile } from "./take-file.ts";
import { tellErrors } from "./tell-errors.ts";

export interface Watched {
  readonly files: number;
  readonly built: number;
  /** Looked at without anything to build: the same in other words, or overtaken by another pass. */
  readonly unchanged: number;
  readonly refused: number;
  readonly removed: number;
  /** Could not be looked at, through no fault of their own; the next pass does. */
  readonly failed: number;
  /** There was no time for. */
  readonly left: number;
}

/** Files whose fault may have mended by itself that one pass looks at again. */
const AGAIN_MAX = 100;

/** One pass. @throws when table or source do not answer; the next pass makes it good */
export async function watch(context: WatchContext): Promise<Watched> {
  const { db, source, settings, clock, log, signal } = context;
  const listing = await source.list();
  if (!listing.isWhole) {
    log.error("not all watched files are looked at", { source: source.kind, files: listing.files.length });
  }
  const all = await listWatchedFiles(db);
  const known = new Map(all.filter((file) => file.source === source.kind).map((file) => [keyOf(file), file]));
  const counts = { built: 0, unchanged: 0, refused: 0, removed: 0, failed: 0, left: 0 };
  const attempt = async <T>(path: string, work: () => Promise<T>): Promise<T | null> => {
    if (signal.aborted) counts.left += 1;
    else {
      try {
        return await work();
      } catch (error) {
        // One file that cannot be looked at must not keep the others.
        log.error("a watched file could not be looked at", { source: source.kind, path, error });
        counts.failed += 1;
      }
    }
    return null;
  };
  const current = listing.files.map((found) => {
    const namespace = namespaceOfPath(found.path, settings.filesystem_namespace);
    const place = { source: source.kind, namespace, path: found.path };
    return { found, file: known.get(keyOf(place)) ?? newWatchedFile(place, clock()) };
  });
  const there = new Set(current.map(({ file }) => keyOf(file)));
  for (const file of listing.isWhole ? known.values() : []) {
    if (there.has(keyOf(file)) || file.removedAt !== null) continue;
    const at = clock().toISOString();
    const gone = { ...file, mark: null, error: null, seenAt: at, removedAt: at };
    const noted = await attempt(file.path, () => putWatchedFile(db, gone));
    if (!noted) continue;
    counts.removed += 1;
    known.set(keyOf(file), noted);
  }

  const others = all.filter((file) => file.source !== source.kind);
  const owners = ownersOf([...others, ...known.values()]);
  const latest = latestOf(all);
  for (const { found, file } of dueOf(current)) {
    const outcome = await attempt(found.path, () => takeFile(context, { found, file, owners, latest }));
    if (!outcome) continue;
    counts[outcome.kind] += 1;
    if (outcome.file !== null) known.set(keyOf(file), outcome.file);
    // Also where another pass was first: it has built it, and another file for the same environment is one too many.
    if (outcome.environment !== undefined) hand(owners, file, outcome.environment);
  }
  if (counts.built > 0) {
    await context.wakeUp(`${counts.built} watched files`).catch((error: unknown) => {
      log.warn("wake-up lost", { error });
    });
  }
  await tellErrors(context, listing, [...known.values()]);
  const done = { files: listing.files.length, ...counts };
  log.info("watched files looked at", done);
  return done;
}

/** Text that tells the files of one source apart. */
const keyOf = ({ namespace, path }: Pick<WatchedFile, "namespace" | "path">): string =>
  `${namespace}/${path}`;

interface Due {
  readonly found: Found;
  readonly file: WatchedFile;
}

/** What has changed, in the order in which it did; then some of what may have mended by itself. */
function dueOf(current: readonly Due[]): Due[] {
  const isAgain = ({ file }: Due): boolean =>
    file.mark === null && file.version > 0 && file.removedAt === null;
  const changed = current.filter(
    (due) => !isAgain(due) && (due.file.mark !== due.found.mark || due.file.removedAt !== null),
  );
  // Any of them in turn: the order of a list would keep the last for ever.
  const again = current.filter(isAgain).map((due) => ({ due, at: Math.random() }));
  return [
    ...changed.sort((a, b) => a.found.changedAt.getTime() - b.found.changedAt.getTime()),
    ...again
      .sort((a, b) => a.at - b.at)
      .slice(0, AGAIN_MAX)
      .map(({ due }) => due),
  ];
}

/** A file has an environment from now on, and lets go of another. */
function hand(owners: Map<string, WatchedFile>, file: WatchedFile, environment: string): void {
  const { source, namespace, path } = file;
  const before = environmentOf(namespace, file.environment ?? "");
  const owner = owners.get(before);
  if (owner?.path === path && owner.source === source) owners.delete(before);
  owners.set(environmentOf(namespace, environment), { ...file, environment });
}
