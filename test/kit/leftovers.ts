/**
 * What builds leave behind, on a real directory and in MiniStack, and sweep and store at work on it by a clock that tests turn.
 * @module
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeEach } from "vitest";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { holdThings, noteReuseKey } from "#adapters/dynamodb/holds.ts";
import { putPackages } from "#adapters/dynamodb/packages.ts";
import { putReusable } from "#adapters/dynamodb/reuse.ts";
import { openLog } from "#adapters/log.ts";
import { headObject, putObject } from "#adapters/s3/objects.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import type { Artifact, ArtifactType } from "#core/build/status.ts";
import { directoryThing, thingsOf } from "#core/build/thing.ts";
import { archiveKey, lockKey, logChunkKey, logKey } from "#core/layout.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { removeDirectory } from "#functions/store/remove-directory.ts";
import { keepLink, type StoreContext } from "#functions/store/store.ts";
import { doJobs, type JobsContext } from "#functions/sweep/jobs.ts";
import { openDocuments } from "#test/kit/documents.ts";
import { audited } from "./audited.ts";
import { createTable, type LocalAws } from "./ministack.ts";
import { drain } from "./queues.ts";
import { building, complete, completedResult, sha256Of } from "./submissions.ts";

/** Where consumers see the shared disk. */
export const STORE = "/opt/conda-store";
export const GRACE_MINUTES = 60;

/** A build that has completed. */
export interface Made {
  readonly id: number;
  readonly buildKey: string;
  readonly lock: string;
  readonly artifacts: readonly Artifact[];
}

export interface Leftovers {
  readonly db: AuditedDb;
  /** The shared disk. */
  readonly disk: string;
  readonly now: Date;
  /** Of sweep; another may be put in its place. */
  context: JobsContext;
  storeContext(): StoreContext;
  /** Turns the clock. */
  later(minutes: number): void;
  /** Does what store does with its messages. */
  store(): Promise<void>;
  /** Passes of sweep and store, after `minutes`, until nothing is due. */
  work(minutes?: number): Promise<void>;
  /** Builds as a task does, with real objects and a real directory. @param lender whose directory and archive are borrowed */
  made(what?: {
    readonly environment?: string;
    readonly namespace?: string;
    readonly lock?: string;
    readonly lender?: Made;
  }): Promise<Made>;
  isThere(what: Made, type: ArtifactType): Promise<boolean>;
  /** What lies on the disk under the build's key. */
  onDisk(what: Made, namespace?: string): string[];
  /** Items that have the build's id, or its key, in their keys. */
  itemsThatName(what: Made): Promise<string[]>;
}

export const keyOf = ({ artifacts }: Made, wanted: ArtifactType): string =>
  artifacts.find(({ type }) => type === wanted)?.key ?? "";

/** Call at the top of a test file: each test has a table and a disk of its own. */
export function useLeftovers(aws: LocalAws, name: string): Leftovers {
  const roots: string[] = [];
  afterAll(() => {
    for (const root of roots) rmSync(root, { recursive: true, force: true });
  });
  let tables = 0;
  let now = new Date();
  let state: { db: AuditedDb; disk: string; context: JobsContext };
  beforeEach(async () => {
    const db = audited(openDb({ table: await createTable(`${name}-${++tables}`) }));
    now = new Date();
    const disk = mkdtempSync(join(tmpdir(), `${name}-`));
    roots.push(disk);
    const context: JobsContext = {
      db,
      bucket: openBucket(aws.bucket, db.client),
      store: openQueue(aws.linkQueue),
      graceMinutes: GRACE_MINUTES,
      settings: deploymentSettings({}),
      clock: () => now,
      log: openLog({ write: () => {} }),
    };
    state = { db, disk, context };
    await drain(aws.linkQueue);
  });

  const left: Leftovers = {
    get db() {
      return state.db;
    },
    get disk() {
      return state.disk;
    },
    get now() {
      return now;
    },
    get context() {
      return state.context;
    },
    set context(context) {
      state.context = context;
    },
    storeContext: () => ({
      ...{ db: state.db, diskDirectory: state.disk, storeDirectory: STORE, log: state.context.log },
      environmentLink: "{namespace}/envs/{name}",
    }),
    later(minutes) {
      now = new Date(now.getTime() + minutes * 60_000);
    },
    async store() {
      for (const message of await drain(aws.linkQueue)) {
        if ("directory" in (message as object)) {
          await removeDirectory(left.storeContext(), message as { namespace: string; directory: string });
        } else await keepLink(left.storeContext(), message as { namespace: string; environment: string });
      }
    },
    async work(minutes = 0) {
      left.later(minutes);
      for (let pass = 0; pass < 20; pass += 1) {
        const done = await doJobs(state.context);
        await left.store();
        left.later(1);
        if (done === 0) return;
      }
      throw new Error("sweep does not come to an end");
    },
    made: ({ environment = "demo", namespace = "team", lock = crypto.randomUUID(), lender } = {}) =>
      make(left, { environment, namespace, lock }, lender),
    isThere: async (what, type) => (await headObject(state.context.bucket, keyOf(what, type))) !== null,
    onDisk({ buildKey }, namespace = "team") {
      const directory = join(state.disk, namespace);
      return existsSync(directory) ? readdirSync(directory).filter((each) => each.includes(buildKey)) : [];
    },
    async itemsThatName({ id, buildKey }) {
      const { db } = state;
      const scan = new ScanCommand({ TableName: db.table, ConsistentRead: true });
      const { Items = [] } = await openDocuments().send(scan);
      const named = new RegExp(`(BUILD|ATTEMPT|HOLD)#0*${id}$|#0*${id}#|${buildKey}`);
      return Items.map(({ pk, sk }) => `${pk} ${sk}`).filter((key) =>
        key.split(" ").some((part) => named.test(part)),
      );
    },
  };
  return left;
}

async function make(
  { db, disk, context: { bucket }, now: at }: Leftovers,
  { environment, namespace, lock }: Record<"environment" | "namespace" | "lock", string>,
  lender: Made | undefined,
): Promise<Made> {
  const { id, attempt } = await building(db, "me", { environment, namespace });
  const build = await getBuild(db, id);
  if (!build) throw new Error("no build");
  const lockDigest = sha256Of(lender?.lock ?? lock);
  const log = { type: "LOGS", key: logKey(id, sha256Of("log")), sizeBytes: 3 } as const;
  const shared: Artifact[] = lender
    ? lender.artifacts.filter(({ type }) => type !== "LOGS")
    : [
        { type: "DIRECTORY", key: `${STORE}/${namespace}/${build.buildKey}`, sizeBytes: 1000 },
        { type: "LOCKFILE", key: lockKey(lockDigest), sizeBytes: 4 },
        { type: "CONDA_PACK", key: archiveKey(sha256Of(`${namespace}${lock}`)), sizeBytes: 7 },
      ];
  const things = thingsOf({ artifacts: shared, lockDigest: lockDigest as never });
  const held = await holdThings(db, { build: id, attempt }, things, { mustExist: lender !== undefined });
  if (held !== "held") throw new Error(held);
  if (!lender) {
    const directory = join(disk, namespace, build.buildKey, "conda-meta");
    mkdirSync(join(directory, "deep"), { recursive: true });
    writeFileSync(join(directory, "history"), "");
    writeFileSync(join(directory, "deep", "file"), "x");
    mkdirSync(join(disk, namespace, `.${build.buildKey}.copy`, "half"), { recursive: true });
    for (const { type, key } of shared) {
      if (type !== "DIRECTORY") await putObject(bucket, key, "1234567", { contentType: "text/plain" });
    }
    await putPackages(db, lockDigest, []);
    const reuseKey = sha256Of(`reuse ${id}`);
    await noteReuseKey(db, directoryThing(namespace, build.buildKey), reuseKey);
    const made = { build: id, directory: build.buildKey, sizeBytes: 1000, packages: 0, artifacts: shared };
    await putReusable(db, reuseKey, made);
  }
  for (const key of [log.key, logChunkKey(id, attempt, 0)]) {
    await putObject(bucket, key, "log", { contentType: "text/plain" });
  }
  const artifacts = [...shared, log];
  const result = completedResult({ artifacts, lockDigest });
  await complete(db, { id, attempt }, result, at);
  return { id, buildKey: lender?.buildKey ?? build.buildKey, lock: lender?.lock ?? lock, artifacts };
}
