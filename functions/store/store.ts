/**
 * Keeping the links of the shared disk as the table wants them when this looks; the message only says where to look.
 * @module
 */
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { pointLink, removeLink } from "#adapters/disk/copy-tree.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import type { Log } from "#adapters/log.ts";
import type { LinkMessage } from "#core/build/messages.ts";
import { linkPath, prefixPath } from "#core/layout.ts";

export interface StoreContext {
  readonly db: Db;
  /** Where this function sees the shared disk. */
  readonly diskDirectory: string;
  /** Where consumers see it: links lead there. */
  readonly storeDirectory: string;
  /** Where in it the link of an environment lies, with `{namespace}` and `{name}`. */
  readonly environmentLink: string;
  readonly log: Log;
}

/** In the place of a link's version: there is no such environment. */
const GONE = -1;

/** Looks in a row; more changes than this in a moment are somebody else's to follow. */
const LOOKS_MAX = 10;

/**
 * Points the environment's link at the directory that is wanted. Doing it again changes nothing, and an older wish never
 * wins: the queue delivers one message of an environment at a time, and what was done is compared with what is wanted
 * by then, so that even a second run at the same time ends with the newest.
 * @throws Error when the wanted directory is not there: the message comes again
 */
export async function keepLink(context: StoreContext, message: LinkMessage): Promise<void> {
  const { db, diskDirectory, storeDirectory, log } = context;
  const { namespace, environment: name } = message;
  const link = join(diskDirectory, linkPath(namespace, name, context.environmentLink));
  let done: number | null = null;
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const wanted = (await getEnvironment(db, namespace, name))?.link;
    const version = wanted?.version ?? GONE;
    if (version === done) return;
    done = version;
    if (wanted?.buildKey === undefined || wanted.buildKey === null) {
      await removeLink(link);
      log.info("no link is wanted", { namespace, environment: name });
      continue;
    }
    const directory = prefixPath(namespace, wanted.buildKey);
    await mustBeEnvironment(join(diskDirectory, directory));
    await pointLink(link, join(storeDirectory, directory));
    log.info("the link is up to date", { namespace, environment: name, ...wanted });
  }
}

async function mustBeEnvironment(directory: string): Promise<void> {
  const history = await lstat(join(directory, "conda-meta", "history")).catch(() => null);
  if (history === null) throw new Error(`${directory} is not on the shared disk, or is no conda environment`);
}
