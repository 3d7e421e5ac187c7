/**
 * Watched files below a prefix of the bucket.
 * @module
 */
import type { Bucket } from "#adapters/s3/bucket.ts";
import { deleteObject, getObjectAsListed, listObjects, putObject } from "#adapters/s3/objects.ts";
import { PREFIXES, watchedKey } from "#core/layout.ts";
import { aboutOf, errorPathOf, isWatched, WATCHED_FILES_MAX } from "#core/watched/file.ts";
import type { Source } from "./source.ts";

/** Each file, and what is said about it. */
const OBJECTS_MAX = 2 * WATCHED_FILES_MAX;

export const bucketSource = (bucket: Bucket): Source => ({
  kind: "bucket",
  list: async () => {
    const objects = await listObjects(bucket, PREFIXES.watched, "", OBJECTS_MAX);
    const all = objects.map(({ key, etag, ...object }) => ({
      ...object,
      path: key.slice(PREFIXES.watched.length),
      mark: etag.replaceAll('"', ""),
    }));
    const files = all.filter(({ path }) => isWatched(path));
    const told = all.flatMap(({ path, mark }) => {
      const about = aboutOf(path);
      return about === null ? [] : [[about, mark] as const];
    });
    return {
      files: files.slice(0, WATCHED_FILES_MAX),
      told: new Map(told),
      isWhole: objects.length < OBJECTS_MAX && files.length <= WATCHED_FILES_MAX,
    };
  },
  read: ({ path, mark }) => getObjectAsListed(bucket, { key: watchedKey(path), etag: `"${mark}"` }),
  tell: async (path, text) => {
    const key = watchedKey(errorPathOf(path));
    if (text === null) await deleteObject(bucket, key);
    else await putObject(bucket, key, text, { contentType: "text/plain; charset=utf-8" });
  },
});
