import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { beforeEach, describe, expect, test } from "vitest";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { deleteBuild } from "#adapters/dynamodb/delete-build.ts";
import { deleteEnvironment, emptyEnvironment } from "#adapters/dynamodb/delete-environment.ts";
import { deleteNamespace, emptyNamespace } from "#adapters/dynamodb/delete-namespace.ts";
import { readDue } from "#adapters/dynamodb/due.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { oldestWaiting, slots } from "#adapters/dynamodb/line.ts";
import { listBuilds } from "#adapters/dynamodb/list-builds.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { createNamespace, getBuildCounts, getNamespace } from "#adapters/dynamodb/namespaces.ts";
import { getMappedGrants, giveRole, listGivenRoles } from "#adapters/dynamodb/roles.ts";
import { putSettings } from "#adapters/dynamodb/settings.ts";
import { updateEnvironment } from "#adapters/dynamodb/update-environment.ts";
import type { ArtifactType } from "#core/build/status.ts";
import { auditTable } from "#test/kit/audit.ts";
import { audited } from "#test/kit/audited.ts";
import { openDocuments } from "#test/kit/documents.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import { building, complete, completedResult, dispatched, submitted } from "#test/kit/submissions.ts";

useMiniStack();
let db: AuditedDb;
let tables = 0;
beforeEach(async () => {
  db = audited(openDb({ table: await createTable(`delete-${++tables}`) }));
});

const at = new Date("2026-05-01T00:00:00Z");
const LOGS: readonly ArtifactType[] = ["LOGS"];

async function completed(environment = "demo", namespace = "team"): Promise<number> {
  const { id, attempt } = await building(db, "me", { environment, namespace });
  const artifacts = [
    { type: "LOGS" as const, key: `logs/${id}/log.txt`, sizeBytes: 1 },
    { type: "DIRECTORY" as const, key: `/opt/conda-store/${namespace}/${id}`, sizeBytes: 1000 },
  ];
  const result = completedResult({ artifacts });
  await complete(db, { id, attempt }, result, at);
  return id;
}

const listed = async (): Promise<number[]> => {
  const all = { visible: () => true, coverage: () => "all" as const, page: 1, size: 100 };
  const [some, ofName] = await Promise.all([
    listBuilds(db, all),
    listBuilds(db, { ...all, namespaces: ["team"], name: "demo" }),
  ]);
  const ids = some.items.map(({ id }) => id as number);
  expect(ofName.items.map(({ id }) => id as number)).toEqual(
    some.items.filter(({ environment }) => environment === "demo").map(({ id }) => id as number),
  );
  return ids;
};

describe("a build", () => {
  test("leaves lists and counts at once, keeps what is to be kept, and frees nothing before its time", async () => {
    const [old, current] = [await completed(), await completed()];

    await deleteBuild(db, old, LOGS, at);

    expect(await listed()).toEqual([current]);
    expect(await getBuildCounts(db, "team")).toMatchObject({ builds: 1, completed: 1, sizeBytes: 1000 });
    const build = await getBuild(db, old);
    expect(build).toMatchObject({ deletedOn: at, status: "COMPLETED", sizeBytes: 0 });
    expect(build?.artifacts.map(({ type }) => type)).toEqual(["LOGS"]);
    expect(await readDue(db, at, 10)).toEqual([]);
    expect(await auditTable(db)).toEqual([]);
  });

  test("is deleted once, however many ask at once", async () => {
    const [old] = [await completed(), await completed()];

    await Promise.all(Array.from({ length: 8 }, () => deleteBuild(db, old, LOGS, at)));

    expect(await getBuildCounts(db, "team")).toMatchObject({ builds: 1, completed: 1 });
    expect(await auditTable(db)).toEqual([]);
  });

  test("that is current or has not ended is kept, with a reason", async () => {
    const current = await completed();
    const running = await building(db, "me", {});
    const waits = await submitted(db);

    await expect(deleteBuild(db, current, LOGS, at)).rejects.toThrow("is the current build of team/demo");
    for (const id of [running.id, waits]) {
      await expect(deleteBuild(db, id, LOGS, at)).rejects.toThrow(
        "cannot delete build since not finished building",
      );
    }
    await expect(deleteBuild(db, 99, LOGS, at)).rejects.toThrow("build id does not exist");
    expect(await auditTable(db)).toEqual([]);
  });

  test("of a choice and a deletion that meet one is refused: an environment never shows what is deleted", async () => {
    for (let round = 0; round < 5; round += 1) {
      const [old, newest] = [await completed(), await completed()];

      const [deletion, choice] = await Promise.allSettled([
        deleteBuild(db, old, LOGS, at),
        updateEnvironment(db, "team", "demo", { buildId: old }),
      ]);

      const shown = (await getEnvironment(db, "team", "demo"))?.currentBuildId;
      expect([deletion.status, choice.status].sort()).toEqual(["fulfilled", "rejected"]);
      expect(shown).toBe(deletion.status === "fulfilled" ? newest : old);
      await updateEnvironment(db, "team", "demo", { buildId: newest });
    }
  });
});

describe("an environment", () => {
  test("is gone at once with its name free; a new one of the name has other ids and shows none of the old builds", async () => {
    const old = [await completed(), await completed(), await submitted(db)];
    const before = await getEnvironment(db, "team", "demo");

    await deleteEnvironment(db, "team", "demo", at);
    expect(await getEnvironment(db, "team", "demo")).toBeNull();
    expect(await listed()).toEqual([]);
    const fresh = await submitted(db);

    const after = await getEnvironment(db, "team", "demo");
    expect(await listed()).toEqual([fresh]);
    expect(after?.id).toBeGreaterThan(before?.id ?? 0);
    expect(fresh).toBeGreaterThan(Math.max(...old));
    expect(after).toMatchObject({ currentBuildId: fresh, builds: 1 });
    expect((await getNamespace(db, "team"))?.environments).toBe(1);
    expect(await auditTable(db)).toEqual([]);
  });

  test("loses its builds in portions, whatever they are doing; running ones are canceled", async () => {
    await completed();
    const [waits, starts] = [await submitted(db), await submitted(db)];
    await dispatched(db, starts);
    const runs = await building(db, "me", {});
    const kept = await completed("other");
    const { id } = await deleteEnvironment(db, "team", "demo", at);
    const place = { namespace: "team", name: "demo", id };
    const portion = { by: "sweep", at, most: 3 } as const;

    const portions = [await emptyEnvironment(db, place, portion), await emptyEnvironment(db, place, portion)];

    expect(portions).toEqual([3, 1]);
    for (const build of [waits, starts, runs.id]) {
      expect(await getBuild(db, build)).toMatchObject({ status: "CANCELED", deletedOn: at, artifacts: [] });
    }
    expect([await slots(db), await oldestWaiting(db, "team", 10)]).toEqual([[], []]);
    expect(await getBuildCounts(db, "team")).toMatchObject({
      builds: 1,
      active: 0,
      canceled: 0,
      completed: 1,
    });
    expect(await listed()).toEqual([kept]);
    expect(await auditTable(db)).toEqual([]);
  });

  test("takes with it what had been kept of builds that were deleted before", async () => {
    const [old] = [await completed(), await completed()];
    await deleteBuild(db, old, LOGS, at);
    const { id } = await deleteEnvironment(db, "team", "demo", at);

    const most = 10;
    expect(await emptyEnvironment(db, { namespace: "team", name: "demo", id }, { by: "api", at, most })).toBe(
      2,
    );

    expect(await getBuild(db, old)).toMatchObject({ artifacts: [], lockDigest: null });
    expect(await getBuildCounts(db, "team")).toMatchObject({ builds: 0, completed: 0, sizeBytes: 0 });
  });

  test("of several who delete it one does; a build that completes meanwhile ends and is deleted like the others", async () => {
    const { id: late, attempt } = await building(db, "me", {});
    const complete = { name: "complete", by: "finish", at, attempt, result: completedResult() } as const;

    const outcomes = await Promise.allSettled([
      ...Array.from({ length: 4 }, () => deleteEnvironment(db, "team", "demo", at)),
      makeMove(db, late, complete),
    ]);

    const deletions = outcomes.slice(0, 4).map(({ status }) => status);
    expect(deletions.filter((status) => status === "fulfilled")).toHaveLength(1);
    const [job] = (await readDue(db, at, 10)).map((due) => due.job);
    if (job?.kind !== "environment") throw new Error("no job for the environment");
    await emptyEnvironment(db, job, { by: "sweep", at, most: 10 });
    expect(await getBuild(db, late)).toMatchObject({ status: "COMPLETED", deletedOn: at });
    expect(await getBuildCounts(db, "team")).toMatchObject({
      builds: 0,
      active: 0,
      completed: 0,
      sizeBytes: 0,
    });
    expect(await auditTable(db)).toEqual([]);
  });
});

describe("a namespace", () => {
  const unlinked: string[] = [];
  const portion = (most: number) => ({
    by: "sweep" as const,
    at,
    most,
    unlink: async (environment: string) => void unlinked.push(environment),
  });

  test("is hidden at once, takes nothing new, and is free again when it is empty: nothing of it is left", async () => {
    await createNamespace(db, "friends", at);
    await completed("demo");
    await completed("other");
    await building(db, "me", { environment: "runs" });
    await giveRole(db, "team", "friends", "viewer");
    await giveRole(db, "friends", "team", "viewer");
    await putSettings(db, { kind: "namespace", namespace: "team" }, { conda_default_packages: ["python"] });

    const { id } = await deleteNamespace(db, "team", at);

    expect(await getNamespace(db, "team")).toBeNull();
    await expect(submitted(db)).rejects.toThrow("is being deleted");
    await expect(createNamespace(db, "team", at)).rejects.toThrow("is being deleted");
    await expect(deleteNamespace(db, "team", at)).rejects.toThrow("namespace does not exist");
    const place = { name: "team", id };
    let passes = 1;
    while (!(await emptyNamespace(db, place, portion(4)))) passes += 1;
    expect(passes).toBeGreaterThan(1);
    expect([...unlinked].sort()).toEqual(["demo", "other", "runs"]);
    expect(await listGivenRoles(db, "friends")).toEqual([]);
    expect(await getMappedGrants(db, "friends")).toEqual([]);
    expect(await itemsOf("NS#team")).toEqual([]);
    const again = await createNamespace(db, "team", at);
    expect(again.id).toBeGreaterThan(id);
    expect(await auditTable(db)).toEqual([]);
  });

  test("who comes late to one that is empty leaves its successor alone", async () => {
    await completed("demo");
    const { id } = await deleteNamespace(db, "team", at);
    while (!(await emptyNamespace(db, { name: "team", id }, portion(100))));
    const fresh = await completed("demo");

    expect(await emptyNamespace(db, { name: "team", id }, portion(100))).toBe(true);

    expect((await getEnvironment(db, "team", "demo"))?.currentBuildId).toBe(fresh);
  });
});

async function itemsOf(partition: string): Promise<unknown[]> {
  const { Items = [] } = await openDocuments().send(
    new ScanCommand({ TableName: db.table, ConsistentRead: true }),
  );
  return Items.filter(({ pk }) => pk === partition).map(({ sk }) => sk);
}
