/**
 * Watched files in a directory of the shared disk.
 * @module
 */
import { createHash } from "node:crypto";
import { listTree, readTreeFile, removeTreeFile, writeTreeFile } from "#adapters/disk/watched-tree.ts";
import type { Log } from "#adapters/log.ts";
import { aboutOf, errorPathOf, isWatched, WATCHED_FILES_MAX } from "#core/watched/file.ts";
import type { Source } from "./source.ts";

/** Each file, and what is said about it. */
const FILES_MAX = 2 * WATCHED_FILES_MAX;
const OPEN =
  "Others than its owner may write this file, and build what they like: take that right away (chmod go-w).";

/** @param root need not be there: then there are no files, and none counts as removed */
export const directorySource = (root: string, log: Log): Source => ({
  kind: "disk",
  list: async () => {
    const isWanted = (path: string): boolean => isWatched(path) || aboutOf(path) !== null;
    const tree = await listTree(root, isWanted, FILES_MAX);
    if (tree.open.length > 0) {
      log.error("directories of watched files that others than their owner may write are not looked at", {
        root,
        directories: tree.open.slice(0, 10),
      });
    }
    const found = tree.files.map(({ isOpen, ...file }) => (isOpen ? { ...file, fault: OPEN } : file));
    const files = found.filter(({ path }) => isWatched(path));
    const told = await Promise.all(
      found.map(async (file) => {
        const about = aboutOf(file.path);
        if (about === null) return [];
        const bytes = (await readTreeFile(root, file)) ?? "";
        return [[about, createHash("md5").update(bytes).digest("hex")] as const];
      }),
    );
    return {
      files: files.slice(0, WATCHED_FILES_MAX),
      told: new Map(told.flat()),
      isWhole: tree.isWhole && files.length <= WATCHED_FILES_MAX,
    };
  },
  read: (file) => readTreeFile(root, file),
  tell: (path, text) =>
    text === null ? removeTreeFile(root, errorPathOf(path)) : writeTreeFile(root, errorPathOf(path), text),
});
