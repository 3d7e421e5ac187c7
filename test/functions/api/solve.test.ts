/** A specification is solved before it is built, and what is built then is what was shown. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { getThings } from "#adapters/dynamodb/holds.ts";
import { putPackages } from "#adapters/dynamodb/packages.ts";
import { deleteObject, getObject } from "#adapters/s3/objects.ts";
import { lockKey } from "#core/layout.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { serveDemoChannel } from "#local/demo-channel.ts";
import { type Api, bearer, openApi, post, put } from "#test/kit/api.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { filesOf, record, useIndexChannel } from "#test/kit/index-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { readChannels } from "#test/kit/prefetching.ts";
import { openSolving, type Solving } from "#test/kit/solving.ts";
import { completed, sha256Of } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const channel = useIndexChannel();
const VIRTUAL = { conda_virtual_packages: { __glibc: "2.39" } };
let api: Api;
let solving: Solving;
let admin: Record<string, string>;

beforeAll(async () => {
  const hosts = [new URL(demo.url()).host];
  solving = openSolving(aws, VIRTUAL, { allowPrivateHosts: hosts });
  api = openApi(aws, { allowPrivateHosts: hosts, askForSolve: solving.askForSolve, solveWaitMs: 24_000 });
  admin = bearer(await api.token({ "*/*": ["admin"] }));
});
afterAll(() => solving?.rest());

interface Reply {
  readonly http: number;
  readonly code?: string;
  readonly message?: string;
  readonly data?: Record<string, unknown>;
  readonly solve?: Record<string, unknown>[];
}

async function ask(path: string, init: RequestInit = {}, headers = admin): Promise<Reply> {
  const all = { ...(init.headers as Record<string, string>), ...headers };
  const response = await api.request(`/api/v1/${path}`, { ...init, headers: all });
  return { http: response.status, ...((await response.json()) as object) };
}
const specificationOf = (name: string, ...dependencies: string[]): string =>
  JSON.stringify({ name, channels: [demo.url()], dependencies });
const posted = (specification: string, namespace = "team") => post({ specification, namespace });

/** The solve when it has ended. */
async function solved(specification: string, namespace = "team"): Promise<Record<string, unknown>> {
  const { http, data } = await ask("solve/", posted(specification, namespace));
  expect(http).toBe(200);
  await solving.rest();
  const { data: solve = {} } = await ask(`solve/${data?.["solve_id"]}/`);
  return { id: data?.["solve_id"], ...solve };
}

describe("GET specification", () => {
  const query = (conda: string[], more = ""): string =>
    `specification?${conda.map((each) => `conda=${encodeURIComponent(each)}&`).join("")}channels=${encodeURIComponent(demo.url())}${more}`;

  test("waits for the packages, whichever name the parameter of channels has", async () => {
    const { http, solve = [] } = await ask(query(["python", "numpy"]));
    expect(http).toBe(200);
    const numpy = solve.find(({ name }) => name === "numpy");
    expect(numpy).toMatchObject({
      subdir: "linux-64",
      version: expect.any(String),
      size: expect.any(Number),
    });
    expect((await ask(query(["python", "numpy"]).replace("channels=", "channel="))).solve).toEqual(solve);
  });

  test("refuses what cannot be, with the solver's reason", async () => {
    const { http, code, message } = await ask(query(["demo-hello >99"]));
    expect([http, code]).toEqual([400, "invalid_specification"]);
    expect(message).toContain("demo-hello >99 was not found in");
  });

  test.each([
    ["regex characters", "(.*)+$"],
    ["10 kB", "x".repeat(10_000)],
    ["another alphabet", "пакет"],
    ["nothing", ""],
    ["a null byte", "a\0b"],
    ["a path", "../../etc/passwd"],
    ["an address", "http://169.254.169.254/x.conda"],
  ])("says no to %s as a requirement", async (_what, conda) => {
    const { http, code } = await ask(query([conda]));
    expect([http, code]).toEqual([400, "invalid_specification"]);
  });

  test("is refused to nobody and to who may only look", async () => {
    expect((await ask(query(["python"]), {}, {})).http).toBe(403);
    const viewer = bearer(await api.token({ "*/*": ["viewer"] }));
    expect((await ask(query(["python"]), {}, viewer)).http).toBe(403);
  });

  test("that takes too long is told which other way there is; asked again it is the same solve", async () => {
    const ids: string[] = [];
    const slow = openApi(aws, {
      secret: api.services.secret,
      solveWaitMs: 400,
      askForSolve: async (id) => void ids.push(id),
    });
    for (let n = 0; n < 2; n++) {
      const response = await slow.request("/api/v1/specification?conda=python&namespace=slow", {
        headers: admin,
      });
      expect(response.status).toBe(503);
      expect(((await response.json()) as Reply).message).toContain("POST /api/v1/solve/");
    }
    expect(ids).toHaveLength(1);
  });
});

describe("a solve", () => {
  test("shows packages, sizes, what would change, and what was read", async () => {
    const lockDigest = sha256Of("an older lock");
    const first = await solved(specificationOf("shown", "python"));
    const rows = first["packages"] as {
      name: string;
      version: string;
      sha256: string;
      size: number;
      build: string;
    }[];
    expect(first).toMatchObject({
      status: "SOLVED",
      platform: "linux-64",
      changes: { current_build_id: null },
    });
    expect(first["size"]).toBe(rows.reduce((sum, { size }) => sum + size, 0));
    const kept = rows.filter(({ name }) => name !== "pip");
    const row = {
      manager: "conda",
      channel: demo.url(),
      subdir: "noarch",
      license: null,
      summary: null,
    } as const;
    await putPackages(api.services.db, lockDigest, [
      ...kept.map(({ name, version, sha256, build }) => ({
        ...row,
        name,
        version,
        sha256,
        build,
        sizeBytes: 1,
      })),
      { ...row, name: "old-thing", version: "1.0", build: "0", sha256: lockDigest, sizeBytes: 1 },
    ]);
    const build = await completed(api.services.db, "team", "shown", { lockDigest });

    const { data } = await ask(`solve/${first["id"]}/`);

    const pip = rows.find(({ name }) => name === "pip");
    expect(data?.["changes"]).toEqual({
      current_build_id: build,
      added: [{ name: "pip", version: pip?.version }],
      removed: [{ name: "old-thing", version: "1.0" }],
      changed: [],
      unchanged: kept.length,
      download_size: pip?.size,
    });
    expect(data?.["sources"]).toContainEqual(expect.objectContaining({ channel: demo.url(), status: 200 }));
  });

  test("that failed says why, and is asked anew by who asks again", async () => {
    const failed = await solved(specificationOf("impossible", "demo-hello >99"));
    expect(failed).toMatchObject({ status: "FAILED", fault: "specification", lock_digest: null });
    expect((await solved(specificationOf("impossible", "demo-hello >99")))["id"]).not.toBe(failed["id"]);
  });

  test("handed to POST specification is built with that very lock, which the build holds", async () => {
    const { id, lock_digest } = await solved(specificationOf("handed", "python", "demo-hello"));

    const { http, data } = await ask("specification/", post({ solve_id: id, namespace: "team" }));

    expect(http).toBe(200);
    const build = await getBuild(api.services.db, Number(data?.["build_id"]));
    const key = lockKey(String(lock_digest));
    expect(build).toMatchObject({ environment: "handed", namespace: "team", frozenLock: key });
    expect((await getThings(api.services.db, [key])).get(key)?.holders).toBe(1);
    expect(JSON.parse(String(await getObject(api.services.bucket, key))).metadata.content_hash).toEqual({
      "linux-64": lock_digest,
    });
  });

  test.each<[string, object, number, RegExp]>([
    ["with a text beside it", { specification: "name: x" }, 400, /not several/],
    ["as a lockfile", { is_lockfile: true }, 400, /is_lockfile goes with/],
    ["into another namespace", { namespace: "other" }, 409, /of the namespace team/],
  ])("handed over %s is refused", async (_what, more, status, says) => {
    const { id } = await solved(specificationOf("misused", "demo-hello"));
    const { http, message } = await ask("specification/", post({ solve_id: id, namespace: "team", ...more }));
    expect([http, message]).toEqual([status, expect.stringMatching(says)]);
  });

  test("handed over is refused when there is none, it failed, or its lock has gone", async () => {
    const handed = async (id: unknown) =>
      await ask("specification/", post({ solve_id: id, namespace: "team" }));
    for (const none of ["nothing", "x".repeat(15_000), crypto.randomUUID()])
      expect(await handed(none)).toMatchObject({ http: 404, code: "solve_not_found" });
    const failed = await solved(specificationOf("failed", "nowhere-to-be-found"));
    expect(await handed(failed["id"])).toMatchObject({ http: 409, code: "conflict" });
    const gone = await solved(specificationOf("gone", "demo-hello", "click"));
    await deleteObject(api.services.bucket, lockKey(String(gone["lock_digest"])));
    expect(await handed(gone["id"])).toMatchObject({
      http: 409,
      message: expect.stringContaining("solve again"),
    });
    const stranger = bearer(await api.token({ "other/*": ["admin"] }));
    const asked = { solve_id: gone["id"], namespace: "team" };
    expect((await ask("specification/", post(asked), stranger)).http).toBe(403);
  });

  test("handed over after settings have changed what it would be is refused", async () => {
    const { id } = await solved(specificationOf("settled", "demo-hello"), "strict");
    await ask("namespace/strict/", { method: "POST" });
    await ask("setting/strict/", put({ conda_included_packages: ["click"] }));
    const { http, message } = await ask("specification/", post({ solve_id: id, namespace: "strict" }));
    expect([http, message]).toEqual([409, expect.stringContaining("settings have changed")]);
  });

  test("reads what prefetch has put by, and then asks no channel", async () => {
    const server = await serveDemoChannel(demo.channel().directory, { host: "127.0.0.1", port: 0 });
    const { host } = new URL(server.url);
    const { db, bucket } = api.services;
    const settings = deploymentSettings({
      conda_indexed_channels: [server.url],
      conda_platforms: ["linux-64", "noarch"],
    });
    await readChannels({ db, bucket, settings, allowPrivateHosts: [host] });
    await server.close();
    const behind = openSolving(aws, VIRTUAL, { allowPrivateHosts: [host] });
    const own = openApi(aws, {
      secret: api.services.secret,
      allowPrivateHosts: [host],
      askForSolve: behind.askForSolve,
    });
    const specification = JSON.stringify({
      name: "kept",
      channels: [server.url],
      dependencies: ["demo-hello"],
    });
    const headers = { ...admin, "content-type": "application/json" };
    const { data } = (await (
      await own.request("/api/v1/solve/", { ...posted(specification), headers })
    ).json()) as Reply;
    await behind.rest();
    const solve = await (await own.request(`/api/v1/solve/${data?.["solve_id"]}/`, { headers })).text();
    expect(solve).toContain('"status":"SOLVED"');
  });

  test("is made anew for who asks the same when a kept index has changed, or what solves are made by", async () => {
    const reading = async (): Promise<void> => {
      const { db, bucket } = api.services;
      const settings = deploymentSettings({
        conda_indexed_channels: [channel.url],
        conda_platforms: ["noarch"],
      });
      await readChannels({ db, bucket, settings, allowPrivateHosts: [channel.host] }, { now: true });
    };
    const asking = (settings: object) => {
      const hosts = { allowPrivateHosts: [channel.host] };
      const behind = openSolving(aws, { ...VIRTUAL, ...settings }, hosts);
      const own = openApi(aws, {
        secret: api.services.secret,
        settings: deploymentSettings({ ...VIRTUAL, ...settings }),
        askForSolve: behind.askForSolve,
        ...hosts,
      });
      return async (): Promise<{ id: unknown; versions: unknown[] }> => {
        const text = JSON.stringify({ name: "fresh", channels: [channel.url], dependencies: ["thing"] });
        const headers = { ...admin, "content-type": "application/json" };
        const told = await own.request("/api/v1/solve/", { ...posted(text), headers });
        const { solve_id: id } = ((await told.json()) as Reply).data ?? {};
        await behind.rest();
        const shown = await own.request(`/api/v1/solve/${id}/`, { headers });
        const { packages = [] } = ((await shown.json()) as { data: { packages?: { version: string }[] } })
          .data;
        return { id, versions: packages.map(({ version }) => version) };
      };
    };
    const ask = asking({});
    channel.publish("noarch", filesOf(record("thing", "1.0")));
    await reading();
    const first = await ask();
    expect(first.versions).toEqual(["1.0"]);
    expect(await ask()).toEqual(first);
    // Compared again, and still the same.
    await reading();
    expect(await ask()).toEqual(first);

    channel.publish("noarch", filesOf(record("thing", "1.0"), record("thing", "2.0")));
    await reading();
    const second = await ask();
    expect(second).toEqual({ id: expect.not.stringContaining(String(first.id)), versions: ["2.0"] });
    expect(await ask()).toEqual(second);

    const otherwise = asking({ conda_virtual_packages: { __glibc: "2.17" } });
    expect((await otherwise()).id).not.toBe(second.id);
  });

  test("keeps credentials of private channels out of its words, and says which channel wants them", async () => {
    const secret = "a-password-of-this-test";
    const secrets = openSolving(aws, VIRTUAL, {
      allowPrivateHosts: [new URL(demo.url()).host],
      channelSecret: async () => JSON.stringify({ [demo.url()]: { username: "u", password: secret } }),
    });
    const own = openApi(aws, {
      secret: api.services.secret,
      allowPrivateHosts: [new URL(demo.url()).host],
      askForSolve: secrets.askForSolve,
    });
    const asked = {
      ...posted(specificationOf("private", "demo-hello"), "team"),
      headers: { ...admin, "content-type": "application/json" },
    };
    const { data } = (await (await own.request("/api/v1/solve/", asked)).json()) as Reply;
    await secrets.rest();
    const text = await (await own.request(`/api/v1/solve/${data?.["solve_id"]}/`, { headers: admin })).text();
    expect(text).toContain('"status":"SOLVED"');
    expect(text).not.toContain(secret);
  });
});
