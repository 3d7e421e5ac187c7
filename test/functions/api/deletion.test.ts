/**
 * Deleting over the API; with the defects of the original that are not copied: a canceled build could not be deleted, the
 * current one could, lists showed what was deleted, a deleted environment was still answered for, an unknown one was 400,
 * a namespace with role mappings was never gone, and a deleted name stayed taken.
 */
import { beforeEach, describe, expect, test } from "vitest";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { giveBack, heldBy, holdThings } from "#adapters/dynamodb/holds.ts";
import { slots } from "#adapters/dynamodb/line.ts";
import { getBuildCounts } from "#adapters/dynamodb/namespaces.ts";
import { giveRole } from "#adapters/dynamodb/roles.ts";
import type { Artifact } from "#core/build/status.ts";
import { thingsOf } from "#core/build/thing.ts";
import { inDockersWords } from "#core/image/manifest.ts";
import { archiveKey, lockKey, logKey } from "#core/layout.ts";
import { type Api, bearer, openApi, post, put } from "#test/kit/api.ts";
import { auditTable } from "#test/kit/audit.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import { drain } from "#test/kit/queues.ts";
import { type StoredImage, storeImage } from "#test/kit/registry.ts";
import { building, complete, completedResult, sha256Of, submitted } from "#test/kit/submissions.ts";

const aws = useMiniStack();
let api: Api;
let db: AuditedDb;
let admin: Record<string, string>;
let tables = 0;

beforeEach(async () => {
  api = openApi({ ...aws, table: await createTable(`deletion-${++tables}`) });
  ({ db } = api.services);
  admin = bearer(await api.token({ "*/*": ["admin"] }));
  await drain(aws.linkQueue);
});

interface Answer {
  readonly status: number;
  readonly message: string | null;
  readonly data: Record<string, unknown>;
}
async function ask(method: string, path: string, init: RequestInit = {}, who = admin): Promise<Answer> {
  const headers = { ...who, ...(init.headers as Record<string, string> | undefined) };
  const response = await api.request(`/api/v1/${path}`, { ...init, method, headers });
  const { message, data } = (await response.json()) as Omit<Answer, "status">;
  return { status: response.status, message, data };
}
const remove = (path: string, who = admin) => ask("DELETE", path, {}, who);
const idsOf = async (query = ""): Promise<number[]> => {
  const { data } = await ask("GET", `build/${query}`);
  return (data as unknown as { id: number }[]).map(({ id }) => id);
};

/** A completed build with artifacts that it holds. @param same lock for builds that share their bytes */
async function completed(environment = "demo", same: string = crypto.randomUUID()): Promise<number> {
  const { id, attempt } = await building(db, "me", { environment });
  const lockDigest = sha256Of(same) as never;
  const shared: Artifact[] = [
    { type: "DIRECTORY", key: `/opt/conda-store/team/${same}`, sizeBytes: 1000 },
    { type: "LOCKFILE", key: lockKey(lockDigest), sizeBytes: 10 },
    { type: "CONDA_PACK", key: archiveKey(lockDigest), sizeBytes: 100 },
  ];
  await holdThings(db, { build: id, attempt }, thingsOf({ artifacts: shared, lockDigest }));
  const artifacts = [...shared, { type: "LOGS" as const, key: logKey(id, lockDigest), sizeBytes: 1 }];
  const result = completedResult({ artifacts, lockDigest });
  await complete(db, { id, attempt }, result);
  return id;
}

describe("a build", () => {
  test("leaves every list; its record tells what was kept, and the rest is said to be deleted", async () => {
    const [old, current] = [await completed(), await completed()];

    expect(await remove(`build/${old}/`)).toEqual({ status: 200, message: null, data: undefined });

    expect(await idsOf()).toEqual([current]);
    expect(await idsOf("?namespace=team&name=demo")).toEqual([current]);
    const { data } = await ask("GET", `build/${old}/`);
    expect(data).toMatchObject({
      status: "COMPLETED",
      size: 0,
      deleted_on: expect.stringMatching(/^2\d{3}-/),
    });
    const types = (data["build_artifacts"] as { artifact_type: string }[]).map((each) => each.artifact_type);
    expect(types.sort()).toEqual(["LOCKFILE", "LOGS"]);
    expect(await ask("GET", `build/${old}/archive/`)).toMatchObject({
      status: 404,
      message: `Build ${old} has no archive any more: it has been deleted.`,
    });
    expect(await ask("PUT", "environment/team/demo/", put({ build_id: old }))).toMatchObject({ status: 400 });
    expect(await remove(`build/${old}/`)).toMatchObject({ status: 200 });
    expect(await auditTable(db)).toEqual([]);
  });

  test("that failed or was canceled can be deleted; nothing of a canceled one stays", async () => {
    await completed();
    const canceled = await submitted(db);
    await ask("PUT", `build/${canceled}/cancel/`);

    expect(await remove(`build/${canceled}/`)).toMatchObject({ status: 200 });

    expect(await ask("GET", `build/${canceled}/`)).toMatchObject({ status: 404 });
    expect(await auditTable(db)).toEqual([]);
  });

  test("is first told of: what would go, how much of it is freed, what others use, what is kept; nothing changes", async () => {
    const [lender] = [await completed("demo", "same"), await completed("demo", "same")];
    const alone = await completed("demo", "alone");
    await completed();
    const before = await auditTable(db);

    const shared = await remove(`build/${lender}/?dry_run=true`);
    const own = await remove(`build/${alone}/?dry_run=TRUE`);

    expect(shared).toMatchObject({ status: 200, message: "Nothing was deleted." });
    expect(shared.data).toMatchObject({ builds: 1, build_ids: [lender], active: 0, artifacts: 0, bytes: 0 });
    expect(shared.data["kept"]).toContainEqual({
      artifact_type: "CONDA_PACK",
      key: archiveKey(sha256Of("same")),
      bytes: 100,
      because: "used by other builds",
    });
    expect(own.data).toMatchObject({ builds: 1, artifacts: 2, bytes: 1100 });
    expect((own.data["kept"] as { because: string }[]).map(({ because }) => because)).toEqual([
      "kept on deletion",
      "kept on deletion",
    ]);
    expect(await idsOf()).toHaveLength(4);
    expect(await auditTable(db)).toEqual(before);
  });

  test("that is pinned says so, and stays until its pin is taken away; both as often as one likes", async () => {
    const [old] = [await completed(), await completed()];
    for (let i = 0; i < 2; i += 1)
      expect(await ask("PUT", `build/${old}/pin/`)).toMatchObject({ status: 200 });

    expect((await ask("GET", `build/${old}/`)).data).toMatchObject({ pinned: true });
    expect(await remove(`build/${old}/`)).toMatchObject({
      status: 409,
      message: `Build ${old} is pinned: take the pin away first.`,
    });
    for (let i = 0; i < 2; i += 1) expect(await remove(`build/${old}/pin/`)).toMatchObject({ status: 200 });

    expect((await ask("GET", `build/${old}/`)).data).toMatchObject({ pinned: false });
    expect(await remove(`build/${old}/`)).toMatchObject({ status: 200 });
    expect(await ask("PUT", `build/${old}/pin/`)).toMatchObject({ status: 409 });
  });

  test("takes the right to delete, which a developer has not; pins take the right to update", async () => {
    const [old] = [await completed(), await completed()];
    const developer = bearer(await api.token({ "team/*": ["developer"] }));

    for (const path of [
      `build/${old}/`,
      `build/${old}/?dry_run=true`,
      "environment/team/demo/",
      "namespace/team/",
    ]) {
      expect((await remove(path, developer)).status).toBe(403);
    }
    expect((await ask("PUT", `build/${old}/pin/`, {}, developer)).status).toBe(200);
    expect(await idsOf()).toHaveLength(2);
  });

  test("many people delete many builds while others are pinned and chosen: each answer is true", async () => {
    const builds: number[] = [];
    for (let i = 0; i < 6; i += 1) builds.push(await completed());
    const [first = 0, second = 0] = builds;

    const answers = await Promise.all([
      ...builds.flatMap((id) => [remove(`build/${id}/`), remove(`build/${id}/`)]),
      ask("PUT", `build/${first}/pin/`),
      ask("PUT", "environment/team/demo/", put({ build_id: second })),
    ]);

    expect(answers.every(({ status }) => status < 500)).toBe(true);
    const found = await Promise.all(builds.map((id) => getBuild(db, id)));
    const environment = await getEnvironment(db, "team", "demo");
    for (const [i, build] of found.entries()) {
      const deletions = answers.slice(2 * i, 2 * i + 2).map(({ status }) => status);
      expect(deletions.includes(200)).toBe(build?.deletedOn !== null);
      if (build?.id === environment?.currentBuildId) expect(build?.deletedOn).toBeNull();
    }
    expect(found[0]?.pinnedOn !== null).toBe(answers.at(-2)?.status === 200);
    const faults = await auditTable(db);
    // Somebody chose an older build than the newest.
    expect(faults.filter((fault) => !fault.includes("not at its newest completed build"))).toEqual([]);
  });
});

describe("an environment", () => {
  test("is gone when this is answered, with what runs in it; its name is free and its link is asked for", async () => {
    await completed();
    const running = await building(db, "me", {});
    const plan = await remove("environment/team/demo/?dry_run=true");
    expect(plan.data).toMatchObject({ environments: 1, builds: 2, active: 1, artifacts: 4, bytes: 1111 });

    expect(await remove("environment/team/demo/")).toMatchObject({ status: 200, message: null });

    expect(await ask("GET", "environment/team/demo/")).toMatchObject({ status: 404 });
    expect(await ask("GET", `build/${running.id}/`)).toMatchObject({ status: 404 });
    expect(await idsOf()).toEqual([]);
    expect((await getBuild(db, running.id))?.status).toBe("CANCELED");
    expect(await slots(db)).toEqual([]);
    expect(await drain(aws.linkQueue)).toContainEqual({ namespace: "team", environment: "demo" });
    expect(await remove("environment/team/demo/")).toMatchObject({
      status: 404,
      message: "environment does not exist",
    });
    expect((await ask("GET", "usage/")).data).toMatchObject({
      team: { num_environments: 0, num_builds: 0, storage: 0 },
    });
    expect(await auditTable(db)).toEqual([]);
  });

  test("with more builds than one answer can wait for is gone all the same; the rest is sweep's", async () => {
    const ids: number[] = [];
    for (let i = 0; i < 30; i += 1) ids.push(await submitted(db));

    expect(await remove("environment/team/demo/")).toMatchObject({ status: 200 });

    expect(await idsOf()).toEqual([]);
    const ended = (await Promise.all(ids.map((id) => getBuild(db, id)))).filter((build) => build?.deletedOn);
    expect(ended).toHaveLength(25);
    expect(await auditTable(db)).toEqual([]);
  });

  test("of five who delete it one does; posts at the same time end in a new one, or were part of the old", async () => {
    await completed();

    const answers = await Promise.all([
      ...Array.from({ length: 5 }, () => remove("environment/team/demo/")),
      ...Array.from({ length: 3 }, () =>
        ask(
          "POST",
          "specification/",
          post({ namespace: "team", specification: "name: demo\ndependencies: [python]\n" }),
        ),
      ),
    ]);

    const statuses = answers.slice(0, 5).map(({ status }) => status);
    expect(statuses.every((status) => status === 200 || status === 404)).toBe(true);
    expect(statuses).toContain(200);
    expect(answers.slice(5).every(({ status }) => status === 200)).toBe(true);
    const environment = await getEnvironment(db, "team", "demo");
    if (environment)
      expect((await getBuild(db, environment.currentBuildId))?.environmentId).toBe(environment.id);
    expect(await auditTable(db)).toEqual([]);
  });
});

describe("a namespace", () => {
  test("with role mappings of both kinds is gone with everything, and its name is free", async () => {
    await completed();
    await ask("POST", "namespace/friends/");
    await giveRole(db, "team", "friends", "viewer");
    await ask("PUT", "namespace/team/", put({ metadata: { a: 1 }, role_mappings: { "team/*": ["viewer"] } }));
    const plan = await remove("namespace/team/?dry_run=true");
    expect(plan.data).toMatchObject({ environments: 1, builds: 1, artifacts: 4 });

    expect(await remove("namespace/team/")).toMatchObject({ status: 200, message: null });

    expect(await ask("GET", "namespace/team/")).toMatchObject({ status: 404 });
    expect(await ask("GET", "environment/team/demo/")).toMatchObject({ status: 404 });
    expect(await ask("POST", "namespace/team/")).toMatchObject({ status: 200 });
    expect((await ask("GET", "namespace/team/")).data).toMatchObject({ metadata_: {}, role_mappings: [] });
    expect((await ask("GET", "namespace/team/roles")).data).toEqual([]);
    expect(await getBuildCounts(db, "team")).toMatchObject({ builds: 0, sizeBytes: 0 });
    expect(await auditTable(db)).toEqual([]);
  });
});

describe("the quota of a namespace", () => {
  const spec = post({ namespace: "team", specification: "name: next\ndependencies: [python]\n" });

  test("refuses a build with numbers when it is used up, until something is deleted", async () => {
    const [old] = [await completed(), await completed()];
    await ask("PUT", "setting/team/", put({ namespace_quota_bytes: 2000 }));

    for (const refused of [await ask("POST", "specification/", spec), await ask("PUT", `build/${old}/`)]) {
      expect(refused).toMatchObject({
        status: 400,
        message: expect.stringMatching(
          /^Namespace team is full: its builds take up 2000 of 2000 bytes \(setting namespace_quota_bytes of namespace team\)\. Delete/,
        ),
      });
    }
    await remove(`build/${old}/`);

    expect(await ask("POST", "specification/", spec)).toMatchObject({ status: 200 });
  });

  test("is not set by the namespace's own people, who may send back what is set", async () => {
    const own = bearer(await api.token({ "team/*": ["admin"] }));
    await ask("PUT", "setting/", put({ namespace_quota_bytes: 500 }));

    const raised = await ask("PUT", "setting/team/", put({ namespace_quota_bytes: 0 }), own);
    const same = await ask("PUT", "setting/team/", put({ namespace_quota_bytes: 500, builds_kept: 3 }), own);

    expect(raised).toMatchObject({ status: 403 });
    expect(same).toMatchObject({ status: 200 });
    expect((await ask("GET", "setting/team/")).data).toMatchObject({
      namespace_quota_bytes: 500,
      builds_kept: 3,
    });
    expect(await ask("PUT", "setting/team/demo/", put({ namespace_quota_bytes: 1 }))).toMatchObject({
      status: 400,
    });
    for (const wrong of [-1, 1.5, "1", [], null]) {
      expect(await ask("PUT", "setting/", put({ builds_kept: wrong }))).toMatchObject({ status: 400 });
    }
  });
});

test("what an environment would lose is told before it is set, newest first, without current, pinned and running ones", async () => {
  const builds: number[] = [];
  for (let i = 0; i < 4; i += 1) builds.push(await completed());
  const [pinned = 0, second = 0, third = 0] = builds;
  await building(db, "me", {});
  await ask("PUT", `build/${pinned}/pin/`);

  const told = await ask("GET", "environment/team/demo/retention/?keep=1");

  expect(told.data).toMatchObject({ builds: 2, build_ids: [third, second], artifacts: 4 });
  expect((await ask("GET", "environment/team/demo/retention/")).data).toMatchObject({ builds: 0 });
  await ask("PUT", "setting/team/demo/", put({ builds_kept: 4 }));
  expect((await ask("GET", "environment/team/demo/retention/")).data).toMatchObject({ builds: 0 });
  expect(await idsOf()).toHaveLength(5);
});

describe("an image", () => {
  const place = { namespace: "team", environment: "imaged" };
  const bytesOf = ({ layer, config, manifest }: StoredImage): number =>
    layer.byteLength +
    [config, manifest, inDockersWords(manifest)].reduce((sum, text) => sum + Buffer.byteLength(text), 0);

  test("is planned with its layers: what other images have goes with the last of them", async () => {
    const { services } = api;
    const store = (content: string) => storeImage(services, place, content);
    const [first, second, current] = [await store("shared"), await store("shared"), await store("other")];
    const plan = async (path: string) => (await ask("DELETE", `${path}?dry_run=true`)).data;

    expect(await plan(`build/${first.build.id}/`)).toMatchObject({
      artifacts: 0,
      bytes: 0,
      kept: [{ artifact_type: "DOCKER_MANIFEST", because: "used by other builds" }],
    });
    expect(await plan("environment/team/imaged/")).toMatchObject({
      builds: 3,
      artifacts: 8,
      bytes: bytesOf(first) + bytesOf(current),
      kept: [],
    });
    await remove(`build/${second.build.id}/`);
    // Sweep has not been there: the second still holds what it had.
    expect(await plan(`build/${first.build.id}/`)).toMatchObject({ bytes: 0 });
    for (const thing of await heldBy(db, second.build.id)) {
      await giveBack(db, second.build.id, thing, { at: new Date(), due: new Date() });
    }
    expect(await plan(`build/${first.build.id}/`)).toMatchObject({ artifacts: 4, bytes: bytesOf(first) });
  });
});
