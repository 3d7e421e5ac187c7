/**
 * Reading a file that a stranger has written, or has put something else in place of.
 * @module
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";

/** A link could lead to our own secrets; a pipe, opened to wait for its writer, would keep us for ever. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * The beginning of a regular file, at most `bytesMax` of it.
 * @returns null when there is none, or when it is a link, a pipe or anything else
 */
export async function readPlainFile(path: string, bytesMax: number): Promise<string | null> {
  const file = await open(path, FLAGS).catch(() => null);
  if (file === null) return null;
  try {
    const status = await file.stat();
    if (!status.isFile()) return null;
    const buffer = Buffer.alloc(Math.min(status.size, bytesMax));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
