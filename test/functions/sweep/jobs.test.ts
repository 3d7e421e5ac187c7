/** What sweep does with what nobody needs any more, with store's part on a real directory. */
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { deleteBuild } from "#adapters/dynamodb/delete-build.ts";
import { deleteEnvironment } from "#adapters/dynamodb/delete-environment.ts";
import { deleteNamespace } from "#adapters/dynamodb/delete-namespace.ts";
import { heldBy, holdThings, noteReuseKey } from "#adapters/dynamodb/holds.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { createNamespace, getBuildCounts, getNamespace } from "#adapters/dynamodb/namespaces.ts";
import { getPackages } from "#adapters/dynamodb/packages.ts";
import { pinBuild } from "#adapters/dynamodb/pins.ts";
import { readAudit } from "#adapters/dynamodb/read-audit.ts";
import { askForRetention } from "#adapters/dynamodb/retention.ts";
import { getReusable } from "#adapters/dynamodb/reuse.ts";
import { putSettings } from "#adapters/dynamodb/settings.ts";
import { headObject, listObjects, putObject } from "#adapters/s3/objects.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import type { ArtifactType } from "#core/build/status.ts";
import { packagesThing } from "#core/build/thing.ts";
import { archiveKey } from "#core/layout.ts";
import { keepLink } from "#functions/store/store.ts";
import { doJobs } from "#functions/sweep/jobs.ts";
import { auditTable } from "#test/kit/audit.ts";
import { keyOf, type Made, STORE, useLeftovers } from "#test/kit/leftovers.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { building, sha256Of, submitted } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const left = useLeftovers(aws, "jobs");
const KEEP: readonly ArtifactType[] = ["LOGS", "LOCKFILE", "YAML"];

describe("a deleted build", () => {
  test("loses its bytes when the grace time is over, but for what is kept, and nothing is half removed meanwhile", async () => {
    const [old] = [await left.made(), await left.made()];
    await deleteBuild(left.db, old.id, KEEP, left.now);

    await left.work(10);
    expect([await left.isThere(old, "CONDA_PACK"), left.onDisk(old).length]).toEqual([true, 2]);
    await left.work(61);

    expect(await left.isThere(old, "CONDA_PACK")).toBe(false);
    expect(left.onDisk(old)).toEqual([]);
    expect([await left.isThere(old, "LOCKFILE"), await left.isThere(old, "LOGS")]).toEqual([true, true]);
    expect(await getReusable(left.db, sha256Of(`reuse ${old.id}`))).toBeNull();
    expect(await heldBy(left.db, old.id)).toEqual(
      [packagesThing(sha256Of(old.lock)), keyOf(old, "LOCKFILE")].sort(),
    );
    expect(await auditTable(left.db)).toEqual([]);
  });

  test("of a deployment that has no shared disk any more is forgotten, and its directory left where it is", async () => {
    const [old] = [await left.made(), await left.made()];
    left.context = { ...left.context, store: null };
    const reuseKey = sha256Of(`reuse ${old.id}`);
    await noteReuseKey(left.db, keyOf(old, "CONDA_PACK"), reuseKey);
    await deleteBuild(left.db, old.id, [], left.now);

    await left.work(70);
    await left.work(70);

    expect(left.onDisk(old)).toHaveLength(2);
    expect(await left.isThere(old, "CONDA_PACK")).toBe(false);
    expect(await getReusable(left.db, reuseKey)).toBeNull();
    expect(await left.itemsThatName(old)).toEqual([]);
  });

  test("leaves nothing at all in table, bucket and disk when nothing of it is kept", async () => {
    const [old, current] = [await left.made(), await left.made()];
    await deleteBuild(left.db, old.id, [], left.now);

    await left.work(70);
    await left.work(70);
    // Whether store has done its part is looked at once more.
    await left.work(25);

    expect(await listObjects(left.context.bucket, `logs/${old.id}/`)).toEqual([]);
    expect(await left.isThere(old, "LOCKFILE")).toBe(false);
    expect(await getPackages(left.db, sha256Of(old.lock))).toBeNull();
    expect(await left.itemsThatName(old)).toEqual([]);
    expect([await left.isThere(current, "CONDA_PACK"), left.onDisk(current).length]).toEqual([true, 2]);
    expect(await auditTable(left.db)).toEqual([]);
  });

  test("that lent its directory and archive leaves them to the borrower, whose deletion frees them", async () => {
    const lender = await left.made();
    const borrower = await left.made({ lender });
    const current = await left.made();
    await deleteBuild(left.db, lender.id, [], left.now);
    await left.work(70);
    await left.work(70);
    expect([await left.isThere(lender, "CONDA_PACK"), left.onDisk(lender).length]).toEqual([true, 2]);
    expect(await getPackages(left.db, sha256Of(lender.lock))).toEqual([]);

    await deleteBuild(left.db, borrower.id, [], left.now);
    await left.work(70);
    await left.work(70);

    expect([await left.isThere(lender, "CONDA_PACK"), left.onDisk(lender)]).toEqual([false, []]);
    expect([await left.isThere(current, "CONDA_PACK"), left.onDisk(current).length]).toEqual([true, 2]);
    expect(await auditTable(left.db)).toEqual([]);
  });

  test("shares its lockfile with another namespace, where it stays", async () => {
    const [old] = [await left.made({ lock: "same" }), await left.made()];
    const stranger = await left.made({ lock: "same", namespace: "elsewhere" });
    await deleteBuild(left.db, old.id, [], left.now);

    await left.work(70);
    await left.work(70);

    expect([await left.isThere(old, "CONDA_PACK"), await left.isThere(stranger, "LOCKFILE")]).toEqual([
      false,
      true,
    ]);
  });
});

describe("what a build held and does not name", () => {
  test("is given back when it fails, is canceled, or found something to borrow; and removed after the grace time", async () => {
    const [running, unwanted] = [await building(left.db, "me", {}), await building(left.db, "you", {})];
    const key = archiveKey(sha256Of(crypto.randomUUID()));
    await putObject(left.context.bucket, key, "half", { contentType: "text/plain" });
    for (const { id, attempt } of [running, unwanted]) {
      expect(await holdThings(left.db, { build: id, attempt }, [key])).toBe("held");
    }
    const fail = { name: "fail", by: "finish", at: left.now, reason: "No.", artifacts: [] } as const;
    expect((await makeMove(left.db, running.id, { ...fail, attempt: running.attempt })).won).toBe(true);
    await left.work(70);
    expect(await headObject(left.context.bucket, key)).not.toBeNull();

    expect((await makeMove(left.db, unwanted.id, { name: "cancel", by: "api", at: left.now })).won).toBe(
      true,
    );
    expect(await holdThings(left.db, { build: unwanted.id, attempt: 1 }, ["locks/late"])).toBe("lost");
    await left.work(70);
    await left.work(70);

    expect(await headObject(left.context.bucket, key)).toBeNull();
    expect(await auditTable(left.db)).toEqual([]);
  });
});

test("the lock that a waiting build is frozen to stays until that build has ended", async () => {
  const [old] = [await left.made(), await left.made()];
  const frozen = await submitted(left.db, { frozenLock: keyOf(old, "LOCKFILE") });
  await deleteBuild(left.db, old.id, [], left.now);
  await left.work(70);
  await left.work(70);
  expect([await left.isThere(old, "CONDA_PACK"), await left.isThere(old, "LOCKFILE")]).toEqual([false, true]);

  expect((await makeMove(left.db, frozen, { name: "cancel", by: "api", at: left.now })).won).toBe(true);
  await left.work(70);
  await left.work(70);

  expect(await left.isThere(old, "LOCKFILE")).toBe(false);
  expect(await auditTable(left.db)).toEqual([]);
});

describe("a deleted environment", () => {
  test("loses link, builds and bytes, also of what runs; another of its name keeps its own", async () => {
    const old = await left.made();
    const running = await building(left.db, "me", {});
    await keepLink(left.storeContext(), { namespace: "team", environment: "demo" });
    const link = join(left.disk, "team", "envs", "demo");
    expect(readlinkSync(link)).toBe(`${STORE}/team/${old.buildKey}`);
    await deleteEnvironment(left.db, "team", "demo", left.now);
    const fresh = await submitted(left.db);

    await left.work();
    expect(() => readlinkSync(link)).toThrow("ENOENT");
    expect((await getBuild(left.db, running.id))?.status).toBe("CANCELED");
    await left.work(70);
    await left.work(70);

    expect([await left.isThere(old, "CONDA_PACK"), left.onDisk(old)]).toEqual([false, []]);
    expect([await getBuild(left.db, old.id), await getBuild(left.db, running.id)]).toEqual([null, null]);
    expect(await getBuild(left.db, fresh)).toMatchObject({ status: "QUEUED" });
    expect(await getBuildCounts(left.db, "team")).toMatchObject({ builds: 1, active: 1, sizeBytes: 0 });
    expect(await auditTable(left.db)).toEqual([]);
  });
});

test("a deleted namespace is emptied, whoever died at it, and its name is free", async () => {
  const builds = [await left.made(), await left.made({ environment: "other" })];
  await createNamespace(left.db, "friends", left.now);
  await deleteNamespace(left.db, "team", left.now);

  await left.work();
  expect(await getNamespace(left.db, "team")).toBeNull();
  await left.work(70);
  await left.work(70);
  await left.work(25);

  for (const build of builds) {
    expect([await left.isThere(build, "CONDA_PACK"), left.onDisk(build)]).toEqual([false, []]);
    expect(await left.itemsThatName(build)).toEqual([]);
  }
  await createNamespace(left.db, "team", left.now);
});

const ALL_ENTRIES = {
  since: null,
  until: null,
  order: "desc",
  after: null,
  most: 1000,
  bytesMax: 1_000_000,
  wanted: () => true,
  sizeOf: () => 1,
} as const;

describe("retention", () => {
  const kept = async (builds: readonly Made[]): Promise<number[]> => {
    const found = await Promise.all(builds.map(({ id }) => getBuild(left.db, id)));
    return found.flatMap((build) => (build && build.deletedOn === null ? [build.id] : []));
  };

  test("keeps everything unless it is set", async () => {
    const builds = [await left.made(), await left.made(), await left.made()];

    await left.work(70);

    expect(await kept(builds)).toHaveLength(3);
  });

  test("keeps the newest, the current and the pinned, from the moment it is set and with each build that completes", async () => {
    const scope = { kind: "namespace", namespace: "team" } as const;
    const builds = [await left.made(), await left.made(), await left.made(), await left.made()];
    const [oldest, , third, newest] = builds as [Made, Made, Made, Made];
    await pinBuild(left.db, oldest.id, left.now);
    await putSettings(left.db, scope, { builds_kept: 2 });
    await askForRetention(left.db, scope, left.now);

    await left.work();
    expect(await kept(builds)).toEqual([oldest.id, third.id, newest.id]);
    const { entries } = await readAudit(left.db, {
      ...ALL_ENTRIES,
      part: { kind: "namespace", namespace: "team" },
    });
    expect(entries.filter(({ action }) => action === "build.delete")).toMatchObject([
      { by: { kind: "system", name: "retention" }, build: builds[1]?.id, requestId: null },
    ]);
    const next = await left.made();
    await left.work(10);

    expect(await kept([...builds, next])).toEqual([oldest.id, newest.id, next.id]);
    await pinBuild(left.db, oldest.id, null);
    await askForRetention(left.db, { kind: "global" }, left.now);
    await left.work();
    expect(await kept([...builds, next])).toEqual([newest.id, next.id]);
    expect(await auditTable(left.db)).toEqual([]);
  });

  test("of an environment goes before its namespace's, and one environment is not another", async () => {
    await putSettings(left.db, { kind: "namespace", namespace: "team" }, { builds_kept: 1 });
    const own = { kind: "environment", namespace: "team", environment: "demo" } as const;
    await putSettings(left.db, own, { builds_kept: 0 });
    const demo = [await left.made(), await left.made()];
    const other = [await left.made({ environment: "other" }), await left.made({ environment: "other" })];

    await left.work(10);

    expect(await kept(demo)).toHaveLength(2);
    expect(await kept(other)).toEqual([other[1]?.id]);
  });
});

test("a job that fails keeps no other from being done, and is tried again", async () => {
  const broken = { ...left.context, store: openQueue<never>(`${aws.linkQueue}-that-is-not-there`) };
  const [old] = [await left.made(), await left.made()];
  await left.made({ environment: "gone" });
  await deleteEnvironment(left.db, "team", "gone", left.now);
  await deleteBuild(left.db, old.id, [], left.now);
  left.later(10);

  await doJobs(broken);
  expect(await heldBy(left.db, old.id)).toEqual([]);
  await left.work();

  expect(await getBuildCounts(left.db, "team")).toMatchObject({ builds: 1 });
});
