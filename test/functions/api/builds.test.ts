/**
 * Lists of builds and building again, with the defects of the original that are not copied: `packages` broke the list of
 * builds, an unknown environment was 400.
 */
import { describe, expect, test } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { putPackages } from "#adapters/dynamodb/packages.ts";
import { bearer, post } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { drain } from "#test/kit/queues.ts";
import { completed, sha256Of, submitted } from "#test/kit/submissions.ts";
import { ask as askApi } from "./ask.ts";
import { useWorld } from "./use-api.ts";

const aws = useMiniStack();
const { api, admin, world } = useWorld(aws);

const ask = (path: string, init?: RequestInit, headers = admin) => askApi(api, path, headers, init);
const ids = async (query: string, headers = admin): Promise<number[]> =>
  (await ask(`/api/v1/build/?${query}`, {}, headers)).rows.map(({ id }) => id);

describe("a list of builds", () => {
  test("of one environment has its own only, also beside one whose name begins alike", async () => {
    const { db } = api.services;
    const mine: number[] = [];
    for (let i = 0; i < 3; i++) {
      mine.push(await submitted(db, { namespace: "lists", environment: "a" }));
      await submitted(db, { namespace: "lists", environment: "a-b" });
    }
    expect(await ids("namespace=lists&name=a")).toEqual(mine);
    expect(await ids("namespace=lists&name=a&order=desc&sort_by=scheduled_on")).toEqual(mine.toReversed());
    expect(await ids("namespace=lists&name=a&size=2&page=2")).toEqual(mine.slice(2));
    expect(await ids("namespace=lists&name=a&size=2&page=9")).toEqual([]);
    expect((await ask("/api/v1/build/?namespace=lists&name=a&size=2")).count).toBe(3);
    expect((await ask("/api/v1/build/?namespace=lists&size=2")).count).toBe(6);
    expect(await ids("namespace=lists&name=none")).toEqual([]);
    expect(await ids("namespace=none")).toEqual([]);
    const environment = await getEnvironment(db, "lists", "a");
    expect(await ids(`namespace=lists&environment_id=${environment?.id}`)).toEqual(mine);
    expect(await ids(`environment_id=${environment?.id}`)).toEqual(mine);
    expect(await ids(`namespace=lists&name=a-b&environment_id=${environment?.id}`)).toEqual([]);
    expect((await ids("namespace=lists&name=a&environment_id=0")).length).toBe(3);
    expect(await ids("name=a")).toEqual(mine);
  });

  test("over all namespaces is in the order of ids, whole, page by page", async () => {
    const all = await ids("");
    expect(all).toEqual([...all].sort((a, b) => a - b));
    expect(all).toEqual(expect.arrayContaining([world.completed, world.queued, world.hidden]));
    const pages = [await ids("size=4&page=1"), await ids("size=4&page=2")].flat();
    expect(pages).toEqual(all.slice(0, 8));
    expect((await ask("/api/v1/build/?size=1")).count).toBe(all.length);
  });

  test("is filtered by status, artifact and packages, which broke the original", async () => {
    expect(await ids("namespace=team&status=COMPLETED")).toEqual([world.completed]);
    expect(await ids("namespace=team&artifact=CONDA_PACK")).toEqual([world.completed]);
    expect(await ids("namespace=team&packages=numpy&packages=zlib")).toEqual([world.completed]);
    expect(await ids("namespace=team&packages=numpy&packages=numpy")).toEqual([world.completed]);
    expect(await ids("namespace=team&packages=numpy&packages=scipy")).toEqual([]);
    expect(await ids("namespace=team&name=next&status=QUEUED/")).toEqual([world.queued]);
  });

  test("is sorted by what has ended; what has not comes last, and first the other way", async () => {
    const { db } = api.services;
    const open = await submitted(db, { namespace: "sorted", environment: "x" });
    const first = await completed(api.services.db, "sorted", "x");
    const second = await completed(api.services.db, "sorted", "x");
    expect(await ids("namespace=sorted&sort_by=ended_on")).toEqual([first, second, open]);
    expect(await ids("namespace=sorted&sort_by=started_on&order=desc")).toEqual([open, second, first]);
  });

  test("shows parts of a namespace to who may read parts", async () => {
    const reader = bearer(await api.token({ "team/de*": ["viewer"] }));
    expect(await ids("namespace=team", reader)).toEqual([world.completed, world.failed]);
    expect(await ids("", reader)).toEqual([world.completed, world.failed]);
    expect((await ask("/api/v1/build/?namespace=team", {}, reader)).count).toBe(2);
  });
});

describe("a build that has completed", () => {
  test("tells the size of every artifact as its task wrote it", async () => {
    const { one } = await ask(`/api/v1/build/${world.completed}/`);
    const artifacts = one["build_artifacts"] as Record<string, unknown>[];
    expect(artifacts).toHaveLength(7);
    for (const artifact of artifacts)
      expect(artifact).toEqual({
        id: expect.any(Number),
        artifact_type: expect.any(String),
        key: expect.any(String),
        size: 7,
      });
  });

  test("tells of every package its platform and size, and nothing where nothing tells them", async () => {
    const { db } = api.services;
    const lockDigest = sha256Of("sizes");
    const common = { version: "1", license: null, summary: null, sha256: sha256Of("x") };
    const channel = "https://conda.anaconda.org/conda-forge";
    await putPackages(db, lockDigest, [
      { ...common, manager: "conda", name: "a", build: "0", channel, subdir: "linux-64", sizeBytes: 2_500 },
      { ...common, manager: "conda", name: "b", build: "0", channel, subdir: "noarch", sizeBytes: null },
      {
        ...common,
        manager: "pip",
        name: "c",
        build: "",
        channel: "https://pypi.org",
        subdir: "",
        sizeBytes: null,
      },
    ]);
    const id = await completed(db, "sizes", "x", { lockDigest });
    const { rows } = await ask(`/api/v1/build/${id}/packages/?sort_by=name`);
    expect(rows.map(({ name, subdir, size }) => ({ name, subdir, size }))).toEqual([
      { name: "a", subdir: "linux-64", size: 2_500 },
      { name: "b", subdir: "noarch", size: null },
      { name: "c", subdir: null, size: null },
    ]);
  });
});

describe("building again", () => {
  test("makes a new build of the same document in the same environment, and wakes dispatch", async () => {
    await drain(aws.wakeUpQueue);
    const { status, one, message } = await ask(`/api/v1/build/${world.completed}/`, { method: "PUT" });
    expect([status, message]).toEqual([200, "rebuild triggered"]);
    const id = one["build_id"] as number;
    const [old, made] = await Promise.all([
      getBuild(api.services.db, world.completed),
      getBuild(api.services.db, id),
    ]);
    expect(made).toMatchObject({
      status: "QUEUED",
      document: old?.document,
      specificationSha256: old?.specificationSha256,
      environmentId: old?.environmentId,
    });
    expect(made?.buildKey).not.toBe(old?.buildKey);
    const reason = `build ${id}, request ${made?.requestId}`;
    expect(await drain(aws.wakeUpQueue)).toContainEqual({ reason });
  });

  test("frozen gives the new build the old one's lock; else it has none and is solved anew", async () => {
    const lockOf = async (query: string) => {
      const { one } = await ask(`/api/v1/build/${world.completed}/${query}`, { method: "PUT" });
      return (await getBuild(api.services.db, one["build_id"] as number))?.frozenLock;
    };
    const old = await getBuild(api.services.db, world.completed);
    const lockfile = old?.artifacts.find(({ type }) => type === "LOCKFILE");
    expect(lockfile).toBeDefined();
    expect(await lockOf("?frozen=true")).toBe(lockfile?.key);
    expect(await lockOf("?frozen=True/")).toBe(lockfile?.key);
    expect(await lockOf("")).toBeNull();
    expect(await lockOf("?frozen=false")).toBeNull();
  });

  test("frozen is refused for a build that has no lock, and makes nothing", async () => {
    const before = await ids("namespace=team");
    const { status, message } = await ask(`/api/v1/build/${world.queued}/?frozen=true`, { method: "PUT" });
    expect([status, message]).toEqual([
      409,
      expect.stringMatching(/no lockfile .* it is QUEUED.*[Ww]ithout frozen/),
    ]);
    expect(await ids("namespace=team")).toEqual(before);
  });

  test("a lockfile is its own lock, frozen or not, whatever became of the build", async () => {
    const specification = JSON.stringify({
      metadata: { content_hash: {}, channels: [], platforms: ["linux-64"], sources: [] },
      package: [
        {
          name: "zlib",
          version: "1.3",
          manager: "conda",
          platform: "linux-64",
          url: "https://conda.anaconda.org/conda-forge/linux-64/zlib-1.3-h0_0.conda",
          hash: { sha256: "a".repeat(64) },
          optional: false,
        },
      ],
    });
    const init = post({ specification, is_lockfile: true, environment_name: "locked", namespace: "team" });
    const posted = await ask("/api/v1/specification/", init);
    const again = await ask(`/api/v1/build/${posted.one["build_id"]}/?frozen=true`, { method: "PUT" });
    expect(again.status).toBe(200);
    const build = await getBuild(api.services.db, again.one["build_id"] as number);
    expect(build?.frozenLock).toBeNull();
  });

  test("needs the right to update, which a viewer has not and a developer has", async () => {
    const as = async (role: string) => bearer(await api.token({ "team/*": [role] }));
    const path = `/api/v1/build/${world.completed}/`;
    expect((await ask(path, { method: "PUT" }, await as("viewer"))).status).toBe(403);
    expect((await ask(path, { method: "PUT" }, await as("developer"))).status).toBe(200);
  });
});

test("a POST and a list that follows agree at once", async () => {
  const init = post({ specification: "name: at-once\ndependencies: [python]\n", namespace: "team" });
  const { one } = await ask("/api/v1/specification/", init);
  expect(await ids("namespace=team&name=at-once")).toEqual([one["build_id"]]);
});
