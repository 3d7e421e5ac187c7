/**
 * Watched files in a bucket and a table of each test's own, and passes over them.
 * @module
 */
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { beforeEach } from "vitest";
import { type AuditedDb, onBehalf } from "#adapters/dynamodb/audit.ts";
import { getBuilds } from "#adapters/dynamodb/builds.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { BUILD_ROWS_PREFIX, namespacePartition } from "#adapters/dynamodb/keys.ts";
import { createNamespace } from "#adapters/dynamodb/namespaces.ts";
import { readPartition } from "#adapters/dynamodb/query.ts";
import { listWatchedFiles } from "#adapters/dynamodb/watched-files.ts";
import { openLog } from "#adapters/log.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { deleteObject, getObject, listObjects, putObject } from "#adapters/s3/objects.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { systemOrigin } from "#core/audit/entry.ts";
import type { Build } from "#core/build/build.ts";
import { PREFIXES, watchedKey } from "#core/layout.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { errorPathOf, type WatchedFile } from "#core/watched/file.ts";
import { bucketSource } from "#functions/watch/bucket-source.ts";
import type { WatchContext } from "#functions/watch/context.ts";
import { type Watched, watch } from "#functions/watch/watch.ts";
import { createTable } from "./ministack.ts";

export interface Watching {
  readonly db: AuditedDb;
  readonly bucket: Bucket;
  /** Reasons of the wake-ups that were sent. */
  readonly wakeUps: string[];
  readonly context: WatchContext;
  put(path: string, text: string | Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
  /** What is said beside a file; null when nothing is. */
  told(path: string): Promise<string | null>;
  /** Paths of everything below the prefix. */
  paths(): Promise<string[]>;
  run(changed?: Partial<WatchContext>): Promise<Watched>;
  state(path: string): Promise<WatchedFile>;
  states(): Promise<WatchedFile[]>;
  /** Of a namespace, the oldest first. */
  builds(namespace?: string): Promise<Build[]>;
}

/** A specification in a few words. */
export const specified = (name: string, ...dependencies: string[]): string =>
  `name: ${name}\nchannels: [conda-forge]\ndependencies: [${dependencies.join(", ")}]\n`;

/** Call at the top of a test file, after `useMiniStack`; a namespace `team` is there before each test. */
export function useWatching(name: string): Watching {
  let number = 0;
  let db: AuditedDb;
  let context: WatchContext;
  let bucket: Bucket;
  const wakeUps: string[] = [];
  beforeEach(async () => {
    const made = `${name}-${++number}`;
    db = onBehalf(openDb({ table: await createTable(made) }), systemOrigin("watch"), 30);
    await new S3Client({ forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: made }));
    bucket = openBucket(made, db.client);
    wakeUps.length = 0;
    await createNamespace(db, "team", new Date());
    context = {
      db,
      source: bucketSource(bucket),
      settings: deploymentSettings({}),
      allowPrivateHosts: [],
      wakeUp: async (reason) => void wakeUps.push(reason),
      clock: () => new Date(),
      log: openLog({ write: () => {} }),
      signal: AbortSignal.timeout(600_000),
    };
  });
  const states = (): Promise<WatchedFile[]> => listWatchedFiles(db);
  return {
    get db() {
      return db;
    },
    get bucket() {
      return bucket;
    },
    get context() {
      return context;
    },
    wakeUps,
    put: async (path, text) => {
      await putObject(bucket, watchedKey(path), text, { contentType: "text/plain" });
    },
    remove: (path) => deleteObject(bucket, watchedKey(path)),
    told: async (path) => (await getObject(bucket, watchedKey(errorPathOf(path))))?.toString("utf8") ?? null,
    paths: async () =>
      (await listObjects(bucket, PREFIXES.watched)).map(({ key }) => key.slice(PREFIXES.watched.length)),
    run: (changed = {}) => watch({ ...context, ...changed }),
    states,
    state: async (path) => {
      const found = (await states()).find((file) => file.path === path);
      if (!found) throw new Error(`nothing is known of ${path}`);
      return found;
    },
    builds: async (namespace = "team") => {
      const partition = namespacePartition(namespace);
      const ids: number[] = [];
      for await (const { id } of readPartition(db, { partition, prefix: BUILD_ROWS_PREFIX }))
        ids.push(Number(id));
      return [...(await getBuilds(db, ids)).values()].sort((a, b) => a.id - b.id);
    },
  };
}
