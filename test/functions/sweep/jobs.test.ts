/** What sweep does with what nobody needs any more, with store's part on a real directory. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { deleteBuild } from "#adapters/dynamodb/delete-build.ts";
import { deleteEnvironment } from "#adapters/dynamodb/delete-environment.ts";
import { deleteNamespace } from "#adapters/dynamodb/delete-namespace.ts";
import { condemn, getThings, heldBy, holdThings, noteReuseKey } from "#adapters/dynamodb/holds.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { createNamespace, getBuildCounts, getNamespace } from "#adapters/dynamodb/namespaces.ts";
import { getPackages, putPackages } from "#adapters/dynamodb/packages.ts";
import { pinBuild } from "#adapters/dynamodb/pins.ts";
import { askForRetention } from "#adapters/dynamodb/retention.ts";
import { getReusable, putReusable } from "#adapters/dynamodb/reuse.ts";
import { putSettings } from "#adapters/dynamodb/settings.ts";
import { openLog } from "#adapters/log.ts";
import { headObject, listObjects, putObject } from "#adapters/s3/objects.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import type { Artifact, ArtifactType } from "#core/build/status.ts";
import { directoryThing, packagesThing, thingsOf } from "#core/build/thing.ts";
import { archiveKey, lockKey, logChunkKey, logKey } from "#core/layout.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { removeDirectory } from "#functions/store/remove-directory.ts";
import { keepLink } from "#functions/store/store.ts";
import { doJobs, type JobsContext } from "#functions/sweep/jobs.ts";
import { auditTable } from "#test/kit/audit.ts";
import { audited } from "#test/kit/audited.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import { drain } from "#test/kit/queues.ts";
import { building, completedResult, sha256Of, submitted } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const KEEP: readonly ArtifactType[] = ["LOGS", "LOCKFILE", "YAML"];
const STORE = "/opt/conda-store";
const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

let db: AuditedDb;
let context: JobsContext;
let disk: string;
let tables = 0;
let now: Date;
const later = (minutes: number): void => {
  now = new Date(now.getTime() + minutes * 60_000);
};

beforeEach(async () => {
  db = audited(openDb({ table: await createTable(`jobs-${++tables}`) }));
  now = new Date();
  disk = mkdtempSync(join(tmpdir(), "jobs-"));
  roots.push(disk);
  context = {
    db,
    bucket: openBucket(aws.bucket, db.client),
    store: openQueue(aws.linkQueue),
    graceMinutes: 60,
    settings: deploymentSettings({}),
    clock: () => now,
    log: openLog({ write: () => {} }),
  };
  await drain(aws.linkQueue);
});

const storeContext = () => ({
  ...{ db, diskDirectory: disk, storeDirectory: STORE, log: context.log },
  environmentLink: "{namespace}/envs/{name}",
});

/** What store does with its messages. */
async function store(): Promise<void> {
  for (const message of await drain(aws.linkQueue)) {
    if ("directory" in (message as object)) {
      await removeDirectory(storeContext(), message as { namespace: string; directory: string });
    } else await keepLink(storeContext(), message as { namespace: string; environment: string });
  }
}

/** Passes of sweep and store until nothing is due for `minutes`. */
async function work(minutes = 0): Promise<void> {
  later(minutes);
  for (let pass = 0; pass < 20; pass += 1) {
    const done = await doJobs(context);
    await store();
    later(1);
    if (done === 0) return;
  }
  throw new Error("sweep does not come to an end");
}

interface Made {
  readonly id: number;
  readonly buildKey: string;
  readonly lock: string;
  readonly artifacts: readonly Artifact[];
}

/** Builds as a task does, with real objects and a real directory. @param lender whose directory and archive are borrowed */
async function made(
  what: { environment?: string; namespace?: string; lock?: string; lender?: Made } = {},
): Promise<Made> {
  const { environment = "demo", namespace = "team", lock = crypto.randomUUID(), lender } = what;
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
  expect(held).toBe("held");
  if (!lender) {
    const directory = join(disk, namespace, build.buildKey, "conda-meta");
    mkdirSync(join(directory, "deep"), { recursive: true });
    writeFileSync(join(directory, "history"), "");
    writeFileSync(join(directory, "deep", "file"), "x");
    mkdirSync(join(disk, namespace, `.${build.buildKey}.copy`, "half"), { recursive: true });
    for (const { type, key } of shared) {
      if (type !== "DIRECTORY")
        await putObject(context.bucket, key, "1234567", { contentType: "text/plain" });
    }
    await putPackages(db, lockDigest, []);
    const reuseKey = sha256Of(`reuse ${id}`);
    await noteReuseKey(db, directoryThing(namespace, build.buildKey), reuseKey);
    const reusable = {
      build: id,
      directory: build.buildKey,
      sizeBytes: 1000,
      packages: 0,
      artifacts: shared,
    };
    await putReusable(db, reuseKey, reusable);
  }
  for (const key of [log.key, logChunkKey(id, attempt, 0)]) {
    await putObject(context.bucket, key, "log", { contentType: "text/plain" });
  }
  const artifacts = [...shared, log];
  const result = completedResult({ artifacts, lockDigest });
  const outcome = await makeMove(db, id, { name: "complete", by: "finish", at: now, attempt, result });
  if (!outcome.won) throw new Error(outcome.why);
  return { id, buildKey: lender?.buildKey ?? build.buildKey, lock: lender?.lock ?? lock, artifacts };
}

const keyOf = ({ artifacts }: Made, wanted: ArtifactType): string =>
  artifacts.find(({ type }) => type === wanted)?.key ?? "";
const isThere = async (what: Made, type: ArtifactType): Promise<boolean> =>
  (await headObject(context.bucket, keyOf(what, type))) !== null;
const onDisk = ({ buildKey }: Made, namespace = "team"): string[] => {
  const directory = join(disk, namespace);
  return existsSync(directory) ? readdirSync(directory).filter((name) => name.includes(buildKey)) : [];
};

describe("a deleted build", () => {
  test("loses its bytes when the grace time is over, but for what is kept, and nothing is half removed meanwhile", async () => {
    const [old] = [await made(), await made()];
    await deleteBuild(db, old.id, KEEP, now);

    await work(10);
    expect([await isThere(old, "CONDA_PACK"), onDisk(old).length]).toEqual([true, 2]);
    await work(61);

    expect(await isThere(old, "CONDA_PACK")).toBe(false);
    expect(onDisk(old)).toEqual([]);
    expect([await isThere(old, "LOCKFILE"), await isThere(old, "LOGS")]).toEqual([true, true]);
    expect(await getReusable(db, sha256Of(`reuse ${old.id}`))).toBeNull();
    expect(await heldBy(db, old.id)).toEqual(
      [packagesThing(sha256Of(old.lock)), keyOf(old, "LOCKFILE")].sort(),
    );
    expect(await auditTable(db)).toEqual([]);
  });

  test("of a deployment that has no shared disk any more is forgotten, and its directory left where it is", async () => {
    const [old] = [await made(), await made()];
    context = { ...context, store: null };
    const reuseKey = sha256Of(`reuse ${old.id}`);
    await noteReuseKey(db, keyOf(old, "CONDA_PACK"), reuseKey);
    await deleteBuild(db, old.id, [], now);

    await work(70);
    await work(70);

    expect(onDisk(old)).toHaveLength(2);
    expect(await isThere(old, "CONDA_PACK")).toBe(false);
    expect(await getReusable(db, reuseKey)).toBeNull();
    expect(await itemsThatName(old)).toEqual([]);
  });

  test("leaves nothing at all in table, bucket and disk when nothing of it is kept", async () => {
    const [old, current] = [await made(), await made()];
    await deleteBuild(db, old.id, [], now);

    await work(70);
    await work(70);
    // Whether store has done its part is looked at once more.
    await work(25);

    expect(await listObjects(context.bucket, `logs/${old.id}/`)).toEqual([]);
    expect(await isThere(old, "LOCKFILE")).toBe(false);
    expect(await getPackages(db, sha256Of(old.lock))).toBeNull();
    expect(await itemsThatName(old)).toEqual([]);
    expect([await isThere(current, "CONDA_PACK"), onDisk(current).length]).toEqual([true, 2]);
    expect(await auditTable(db)).toEqual([]);
  });

  test("that lent its directory and archive leaves them to the borrower, whose deletion frees them", async () => {
    const lender = await made();
    const borrower = await made({ lender });
    const current = await made();
    await deleteBuild(db, lender.id, [], now);
    await work(70);
    await work(70);
    expect([await isThere(lender, "CONDA_PACK"), onDisk(lender).length]).toEqual([true, 2]);
    expect(await getPackages(db, sha256Of(lender.lock))).toEqual([]);

    await deleteBuild(db, borrower.id, [], now);
    await work(70);
    await work(70);

    expect([await isThere(lender, "CONDA_PACK"), onDisk(lender)]).toEqual([false, []]);
    expect([await isThere(current, "CONDA_PACK"), onDisk(current).length]).toEqual([true, 2]);
    expect(await auditTable(db)).toEqual([]);
  });

  test("shares its lockfile with another namespace, where it stays", async () => {
    const [old] = [await made({ lock: "same" }), await made()];
    const stranger = await made({ lock: "same", namespace: "elsewhere" });
    await deleteBuild(db, old.id, [], now);

    await work(70);
    await work(70);

    expect([await isThere(old, "CONDA_PACK"), await isThere(stranger, "LOCKFILE")]).toEqual([false, true]);
  });
});

describe("what a build held and does not name", () => {
  test("is given back when it fails, is canceled, or found something to borrow; and removed after the grace time", async () => {
    const [running, unwanted] = [await building(db, "me", {}), await building(db, "you", {})];
    const key = archiveKey(sha256Of(crypto.randomUUID()));
    await putObject(context.bucket, key, "half", { contentType: "text/plain" });
    for (const { id, attempt } of [running, unwanted]) {
      expect(await holdThings(db, { build: id, attempt }, [key])).toBe("held");
    }
    const fail = { name: "fail", by: "finish", at: now, reason: "No.", artifacts: [] } as const;
    expect((await makeMove(db, running.id, { ...fail, attempt: running.attempt })).won).toBe(true);
    await work(70);
    expect(await headObject(context.bucket, key)).not.toBeNull();

    expect((await makeMove(db, unwanted.id, { name: "cancel", by: "api", at: now })).won).toBe(true);
    expect(await holdThings(db, { build: unwanted.id, attempt: 1 }, ["locks/late"])).toBe("lost");
    await work(70);
    await work(70);

    expect(await headObject(context.bucket, key)).toBeNull();
    expect(await auditTable(db)).toEqual([]);
  });
});

test("the lock that a waiting build is frozen to stays until that build has ended", async () => {
  const [old] = [await made(), await made()];
  const frozen = await submitted(db, { frozenLock: keyOf(old, "LOCKFILE") });
  await deleteBuild(db, old.id, [], now);
  await work(70);
  await work(70);
  expect([await isThere(old, "CONDA_PACK"), await isThere(old, "LOCKFILE")]).toEqual([false, true]);

  expect((await makeMove(db, frozen, { name: "cancel", by: "api", at: now })).won).toBe(true);
  await work(70);
  await work(70);

  expect(await isThere(old, "LOCKFILE")).toBe(false);
  expect(await auditTable(db)).toEqual([]);
});

describe("a removal and a build that wants the same", () => {
  /** A build whose directory nobody holds any more, and one that looks for something to borrow. */
  async function atOdds() {
    const [old] = [await made(), await made()];
    await deleteBuild(db, old.id, [], now);
    await work(10);
    later(70);
    const { id, attempt } = await building(db, "late", {});
    const things = [directoryThing("team", old.buildKey), keyOf(old, "CONDA_PACK")];
    return { old, who: { build: id, attempt }, things };
  }

  test("the build comes first: what it borrows stays, whenever sweep looks", async () => {
    const { old, who, things } = await atOdds();

    expect(await holdThings(db, who, things, { mustExist: true })).toBe("held");
    await work();
    await work(120);

    expect([await isThere(old, "CONDA_PACK"), onDisk(old).length]).toEqual([true, 2]);
  });

  test("the removal comes first: nothing is lent, and all of it is refused together", async () => {
    const { old, who, things } = await atOdds();

    await work();

    expect(await holdThings(db, who, things, { mustExist: true })).toBe("refused");
    expect(await heldBy(db, who.build)).toEqual([]);
    expect([await isThere(old, "CONDA_PACK"), onDisk(old)]).toEqual([false, []]);
  });

  test("both at once, again and again: what is held is there, what is not is gone", async () => {
    for (let round = 0; round < 6; round += 1) {
      const { old, who, things } = await atOdds();

      const [held] = await Promise.all([
        holdThings(db, who, things, { mustExist: true }),
        doJobs(context).then(store),
      ]);
      await work();

      const left = [await isThere(old, "CONDA_PACK"), onDisk(old).length > 0];
      expect(left).toEqual(held === "held" ? [true, true] : left);
      expect(await auditTable(db)).toEqual([]);
      await makeMove(db, who.build, { name: "cancel", by: "api", at: now });
      await work(70);
      await work(70);
      expect([await isThere(old, "CONDA_PACK"), onDisk(old)]).toEqual([false, []]);
    }
  });

  test("a key that is being removed can be held when that is over, to be made anew", async () => {
    const { who, things } = await atOdds();
    const [, key = ""] = things;
    const seen = (await getThings(db, [key])).get(key);
    if (!seen) throw new Error("nothing is counted");
    // Somebody condemned it and died.
    expect(await condemn(db, seen, "dead", now)).toBe(true);
    expect(await holdThings(db, who, [key])).toBe("refused");
    await work();
    expect(await holdThings(db, who, [key])).toBe("refused");

    await work(3);

    expect(await headObject(context.bucket, key)).toBeNull();
    expect(await holdThings(db, who, [key])).toBe("held");
    expect((await getThings(db, [key])).get(key)).toMatchObject({ holders: 1, condemned: null });
  });
});

describe("a removal that broke off", () => {
  test("of a directory is gone on with; a message alone removes nothing", async () => {
    const [old] = [await made(), await made()];
    await removeDirectory(storeContext(), { namespace: "team", directory: old.buildKey });
    expect(onDisk(old)).toHaveLength(2);
    await deleteBuild(db, old.id, [], now);
    await work(10);
    later(70);
    await doJobs(context);
    // The message is lost, and half of the work was done.
    await drain(aws.linkQueue);
    rmSync(join(disk, "team", old.buildKey, "conda-meta", "history"));

    await work(25);

    expect(onDisk(old)).toEqual([]);
    expect((await getThings(db, [directoryThing("team", old.buildKey)])).size).toBe(0);
  });

  test.each(["../team", "..", ".", "a/b"])("a directory called %j is none of ours", async (directory) => {
    await made();
    const before = readdirSync(disk, { recursive: true }).sort();

    await removeDirectory(storeContext(), { namespace: "team", directory });

    expect(readdirSync(disk, { recursive: true }).sort()).toEqual(before);
  });
});

describe("a deleted environment", () => {
  test("loses link, builds and bytes, also of what runs; another of its name keeps its own", async () => {
    const old = await made();
    const running = await building(db, "me", {});
    await keepLink(storeContext(), { namespace: "team", environment: "demo" });
    const link = join(disk, "team", "envs", "demo");
    expect(readlinkSync(link)).toBe(`${STORE}/team/${old.buildKey}`);
    await deleteEnvironment(db, "team", "demo", now);
    const fresh = await submitted(db);

    await work();
    expect(() => readlinkSync(link)).toThrow("ENOENT");
    expect((await getBuild(db, running.id))?.status).toBe("CANCELED");
    await work(70);
    await work(70);

    expect([await isThere(old, "CONDA_PACK"), onDisk(old)]).toEqual([false, []]);
    expect([await getBuild(db, old.id), await getBuild(db, running.id)]).toEqual([null, null]);
    expect(await getBuild(db, fresh)).toMatchObject({ status: "QUEUED" });
    expect(await getBuildCounts(db, "team")).toMatchObject({ builds: 1, active: 1, sizeBytes: 0 });
    expect(await auditTable(db)).toEqual([]);
  });
});

test("a deleted namespace is emptied, whoever died at it, and its name is free", async () => {
  const builds = [await made(), await made({ environment: "other" })];
  await createNamespace(db, "friends", now);
  await deleteNamespace(db, "team", now);

  await work();
  expect(await getNamespace(db, "team")).toBeNull();
  await work(70);
  await work(70);
  await work(25);

  for (const build of builds) {
    expect([await isThere(build, "CONDA_PACK"), onDisk(build)]).toEqual([false, []]);
    expect(await itemsThatName(build)).toEqual([]);
  }
  await createNamespace(db, "team", now);
});

describe("retention", () => {
  const kept = async (builds: readonly Made[]): Promise<number[]> => {
    const found = await Promise.all(builds.map(({ id }) => getBuild(db, id)));
    return found.flatMap((build) => (build && build.deletedOn === null ? [build.id] : []));
  };

  test("keeps everything unless it is set", async () => {
    const builds = [await made(), await made(), await made()];

    await work(70);

    expect(await kept(builds)).toHaveLength(3);
  });

  test("keeps the newest, the current and the pinned, from the moment it is set and with each build that completes", async () => {
    const scope = { kind: "namespace", namespace: "team" } as const;
    const builds = [await made(), await made(), await made(), await made()];
    const [oldest, , third, newest] = builds as [Made, Made, Made, Made];
    await pinBuild(db, oldest.id, now);
    await putSettings(db, scope, { builds_kept: 2 });
    await askForRetention(db, scope, now);

    await work();
    expect(await kept(builds)).toEqual([oldest.id, third.id, newest.id]);
    const next = await made();
    await work(10);

    expect(await kept([...builds, next])).toEqual([oldest.id, newest.id, next.id]);
    await pinBuild(db, oldest.id, null);
    await askForRetention(db, { kind: "global" }, now);
    await work();
    expect(await kept([...builds, next])).toEqual([newest.id, next.id]);
    expect(await auditTable(db)).toEqual([]);
  });

  test("of an environment goes before its namespace's, and one environment is not another", async () => {
    await putSettings(db, { kind: "namespace", namespace: "team" }, { builds_kept: 1 });
    const own = { kind: "environment", namespace: "team", environment: "demo" } as const;
    await putSettings(db, own, { builds_kept: 0 });
    const demo = [await made(), await made()];
    const other = [await made({ environment: "other" }), await made({ environment: "other" })];

    await work(10);

    expect(await kept(demo)).toHaveLength(2);
    expect(await kept(other)).toEqual([other[1]?.id]);
  });
});

test("a job that fails keeps no other from being done, and is tried again", async () => {
  const broken = { ...context, store: openQueue<never>(`${aws.linkQueue}-that-is-not-there`) };
  const [old] = [await made(), await made()];
  await made({ environment: "gone" });
  await deleteEnvironment(db, "team", "gone", now);
  await deleteBuild(db, old.id, [], now);
  later(10);

  await doJobs(broken);
  expect(await heldBy(db, old.id)).toEqual([]);
  await work();

  expect(await getBuildCounts(db, "team")).toMatchObject({ builds: 1 });
});

/** Items that have the build's id, or its key, in their keys. */
async function itemsThatName({ id, buildKey }: Made): Promise<unknown[]> {
  const { Items = [] } = await db.client.send(new ScanCommand({ TableName: db.table, ConsistentRead: true }));
  const name = new RegExp(`(BUILD|ATTEMPT|HOLD)#0*${id}$|#0*${id}#|${buildKey}`);
  return Items.map(({ pk, sk }) => `${pk} ${sk}`).filter((key) =>
    key.split(" ").some((part) => name.test(part)),
  );
}
