/**
 * The names under which an environment's images are found: `latest` is the current build's, a number is a build's id, and these.
 * @module
 */
export const LATEST = "latest";
/** No build key is longer, and a key of the table has room for it in whatever letters. */
export const TAG_CHARS_MAX = 300;

/** Tags that are a build's own, and its lock's, which others may have as well. */
export const tagsOf = ({
  buildKey,
  lockDigest,
}: {
  readonly buildKey: string;
  readonly lockDigest: string | null;
}): string[] => (lockDigest === null ? [buildKey] : [buildKey, lockDigest]);
