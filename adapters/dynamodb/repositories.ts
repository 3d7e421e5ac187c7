/**
 * Which blobs and tags belong to which repository of the image registry. A repository is an environment; all is in it once for
 * each of its builds, so that the build takes its own along when it goes.
 * @module
 */
import { DeleteCommand, PutCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { type Item, withVersion } from "./item.ts";
import {
  repositoryBlobKey,
  repositoryPartition,
  repositoryTagKey,
  repositoryTagPrefix,
  TAG_PREFIX,
} from "./keys.ts";
import { readPartition } from "./query.ts";

export interface RepositoryBlob {
  readonly digest: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
}

export interface RepositoryBuild {
  readonly namespace: string;
  readonly environment: string;
  readonly id: number;
}

export type Repository = Pick<RepositoryBuild, "namespace" | "environment">;

export async function putRepositoryBlob(db: Db, build: RepositoryBuild, blob: RepositoryBlob): Promise<void> {
  const Item = withVersion({ ...repositoryBlobKey(build, blob.digest), ...blob });
  await db.client.send(new PutCommand({ TableName: db.table, Item }));
}

/** The blob, if a build of this environment has it. One read, of one item. */
export async function findRepositoryBlob(
  db: Db,
  { namespace, environment }: Repository,
  digest: string,
): Promise<RepositoryBlob | null> {
  const partition = repositoryPartition(namespace, environment);
  for await (const item of readPartition(db, { partition, prefix: `${digest}#`, limit: 1 })) {
    return toBlob(item);
  }
  return null;
}

/** What the images of an environment's builds are made of, by build. One query, of a megabyte a page. */
export async function readRepositoryBlobs(
  db: Db,
  { namespace, environment }: Repository,
): Promise<Map<number, RepositoryBlob[]>> {
  const partition = repositoryPartition(namespace, environment);
  const blobs = new Map<number, RepositoryBlob[]>();
  for await (const item of readPartition(db, { partition, prefix: "sha256:" })) {
    const build = Number(String(item["sk"]).split("#")[1]);
    blobs.set(build, [...(blobs.get(build) ?? []), toBlob(item)]);
  }
  return blobs;
}

const toBlob = (item: Item): RepositoryBlob => ({
  digest: item["digest"] as string,
  mediaType: item["mediaType"] as string,
  sizeBytes: item["sizeBytes"] as number,
});

/** The build does not have this blob any more; what other builds of the environment have stays. */
export async function dropRepositoryBlob(db: Db, build: RepositoryBuild, digest: string): Promise<void> {
  await db.client.send(new DeleteCommand({ TableName: db.table, Key: repositoryBlobKey(build, digest) }));
}

export interface RepositoryTag {
  readonly tag: string;
  readonly build: number;
}

export async function putRepositoryTag(db: Db, build: RepositoryBuild, tag: string): Promise<void> {
  const Item = withVersion({ ...repositoryTagKey(build, tag), tag, build: build.id });
  await db.client.send(new PutCommand({ TableName: db.table, Item }));
}

export async function dropRepositoryTag(db: Db, build: RepositoryBuild, tag: string): Promise<void> {
  await db.client.send(new DeleteCommand({ TableName: db.table, Key: repositoryTagKey(build, tag) }));
}

/** The newest build that has this tag, or null. One read, of one item. */
export async function findTag(
  db: Db,
  { namespace, environment }: Repository,
  tag: string,
): Promise<number | null> {
  const partition = repositoryPartition(namespace, environment);
  const read = { partition, prefix: repositoryTagPrefix(tag), descending: true, limit: 1 };
  for await (const item of readPartition(db, read)) return item["build"] as number;
  return null;
}

/** Tags in the order of their bytes, each with the builds that have it, behind one of them. One read for a page. */
export async function readTags(
  db: Db,
  { namespace, environment }: Repository,
  after: string | null,
  limit: number,
): Promise<RepositoryTag[]> {
  const partition = repositoryPartition(namespace, environment);
  // Behind every build of that tag: `$` comes after `#`.
  const from = after === null ? {} : { after: { pk: partition, sk: `${TAG_PREFIX}${after}$` } };
  const tags: RepositoryTag[] = [];
  for await (const item of readPartition(db, { partition, prefix: TAG_PREFIX, limit, ...from })) {
    tags.push({ tag: item["tag"] as string, build: item["build"] as number });
  }
  return tags;
}
