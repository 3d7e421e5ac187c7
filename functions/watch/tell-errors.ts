/**
 * Saying beside each watched file what is wrong with it.
 * @module
 */
import { createHash } from "node:crypto";
import type { WatchedFile } from "#core/watched/file.ts";
import type { WatchContext } from "./context.ts";
import type { Listing } from "./source.ts";

/** Writes what is not there yet in these words, and removes what is no longer so. */
export async function tellErrors(
  { source, log, signal }: Pick<WatchContext, "source" | "log" | "signal">,
  { files: listed, told, isWhole }: Listing,
  files: readonly WatchedFile[],
): Promise<void> {
  const there = new Set(listed.map(({ path }) => path));
  const wanted = new Map(
    files.flatMap(({ path, error }) =>
      error !== null && there.has(path) ? [[path, `${error}\n`] as const] : [],
    ),
  );
  const changes = [
    ...[...wanted].filter(([path, text]) => told.get(path) !== md5(text)),
    ...[...told.keys()]
      .filter((path) => !wanted.has(path) && (isWhole || there.has(path)))
      .map((path) => [path, null] as const),
  ] as const;
  for (const [path, text] of changes) {
    if (signal.aborted) return;
    await source.tell(path, text).catch((error: unknown) => {
      log.error("what is wrong with a watched file cannot be said beside it", { path, error });
    });
  }
}

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
