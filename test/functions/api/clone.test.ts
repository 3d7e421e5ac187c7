import { beforeAll, describe, expect, test } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { putObject } from "#adapters/s3/objects.ts";
import { lockKey } from "#core/layout.ts";
import { type Api, bearer, openApi, post, put } from "#test/kit/api.ts";
import { everythingIn } from "#test/kit/everything.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { building, complete, completedResult, sha256Of, submitted } from "#test/kit/submissions.ts";

const aws = useMiniStack();
let api: Api;
let admin: Record<string, string>;

const LOCK = {
  version: 1,
  metadata: {
    content_hash: { "linux-64": sha256Of("content") },
    channels: [{ url: "https://conda.anaconda.org/conda-forge", used_env_vars: [] }],
    platforms: ["linux-64"],
    sources: ["environment.yml"],
    custom_metadata: { __glibc: "2.28" },
  },
  package: [
    {
      name: "zlib",
      version: "1.3",
      manager: "conda",
      platform: "linux-64",
      dependencies: {},
      url: "https://conda.anaconda.org/conda-forge/linux-64/zlib-1.3-h0_0.conda",
      hash: { sha256: sha256Of("zlib") },
      category: "main",
      optional: false,
      build: "h0_0",
    },
  ],
};
const KEY = lockKey(sha256Of("a lock to clone"));

beforeAll(async () => {
  api = openApi(aws);
  admin = bearer(await api.token({ "*/*": ["admin"] }));
  const { db, bucket } = api.services;
  await putObject(bucket, KEY, JSON.stringify(LOCK), { contentType: "application/json" });
  const { id, attempt } = await building(db, "task", { namespace: "source", environment: "done" });
  const result = completedResult({ artifacts: [{ type: "LOCKFILE", key: KEY, sizeBytes: 7 }] });
  await complete(db, { id, attempt }, result);
  await submitted(db, { namespace: "source", environment: "waiting" });
  const lockfile = { specification: JSON.stringify(LOCK), is_lockfile: true };
  await request({
    ...lockfile,
    environment_name: "locked",
    namespace: "source",
    environment_description: "d",
  });
});

const PATH = "/api/v1/specification/";
async function request(
  body: object,
  headers = admin,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await api.request(PATH, post(body, headers));
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function made(body: object, headers = admin) {
  const reply = await request(body, headers);
  expect(reply.status, JSON.stringify(reply.body)).toBe(200);
  const { build_id: id } = reply.body["data"] as { build_id: number };
  const shown = await (await api.request(`/api/v1/build/${id}/`, { headers: admin })).json();
  const build = await getBuild(api.services.db, id);
  return { build, spec: shown.data.specification.spec as Record<string, unknown> };
}

async function specOf(environment: string): Promise<Record<string, unknown>> {
  const found = await (
    await api.request(`/api/v1/environment/source/${environment}/`, { headers: admin })
  ).json();
  const build = await (
    await api.request(`/api/v1/build/${found.data.current_build_id}/`, { headers: admin })
  ).json();
  return build.data.specification.spec;
}

const everything = () => everythingIn(api.services.db);

describe("a clone", () => {
  test("has the specification that the other environment shows, under its own name, and is solved anew", async () => {
    const { build, spec } = await made({
      clone_from: "source/done",
      environment_name: "copy",
      namespace: "target",
    });
    expect(spec).toEqual({ ...(await specOf("done")), name: "copy" });
    expect(build).toMatchObject({ namespace: "target", environment: "copy", frozenLock: null });
  });

  test("frozen, is built from the other's lock", async () => {
    const ask = { clone_from: "source/done", environment_name: "frozen", namespace: "target", frozen: true };
    const { build, spec } = await made({ ...ask, environment_description: "mine" });
    expect(build?.frozenLock).toBe(KEY);
    expect(spec).toEqual({ ...(await specOf("done")), name: "frozen", description: "mine" });
  });

  test("of a lockfile is that lockfile", async () => {
    const { build, spec } = await made({
      clone_from: "source/locked",
      environment_name: "other",
      namespace: "target",
    });
    expect(spec).toEqual({ name: "other", description: "d", lockfile: LOCK });
    expect(build?.frozenLock).toBeNull();
  });

  test("may be of an environment that is not built yet, but then not frozen", async () => {
    const ask = { clone_from: "source/waiting", environment_name: "early", namespace: "target" };
    await made(ask);
    const before = await everything();
    const { status, body } = await request({ ...ask, environment_name: "frozen-early", frozen: true });
    expect([status, body["code"]]).toEqual([409, "conflict"]);
    expect(body["message"]).toMatch(/no lockfile to freeze to, since it is QUEUED/);
    expect(await everything()).toEqual(before);
  });

  test("needs no more than to read there and to create here", async () => {
    await api.request("/api/v1/namespace/mine/", { method: "POST", headers: admin });
    const both = bearer(await api.token({ "source/done": ["viewer"], "mine/*": ["developer"] }));
    await made({ clone_from: "source/done", environment_name: "copy", namespace: "mine" }, both);
    const only = bearer(await api.token({ "source/*": ["viewer"] }));
    const ask = { clone_from: "source/done", environment_name: "copy", namespace: "mine" };
    expect((await request(ask, only)).status).toBe(403);
  });

  test("tells nothing of what may not be read: what is there and what is not are refused alike", async () => {
    const stranger = bearer(await api.token({ "mine/*": ["admin"] }));
    const ask = (from: string, frozen: boolean) =>
      request({ clone_from: from, environment_name: "copy", namespace: "mine", frozen }, stranger);
    const replies = await Promise.all([
      ask("source/done", false),
      ask("source/done", true),
      ask("source/no-such", true),
      ask("no-such/no-such", false),
    ]);
    const told = replies.map(({ status, body: { request_id: _, ...body } }) => [status, body]);
    expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(told[0]?.[0]).toBe(403);
    // Who may read there is told that it is not there.
    const { status, body } = await request({ clone_from: "source/no-such", environment_name: "copy" });
    expect([status, body["code"]]).toEqual([404, "environment_not_found"]);
  });

  test("is held to the settings of where it goes: specification and lock", async () => {
    const path = "/api/v1/setting/strict/";
    await api.request("/api/v1/namespace/strict/", { method: "POST", headers: admin });
    const set = async (values: object) =>
      expect(
        (
          await api.request(path, {
            ...put(values),
            headers: { ...admin, "content-type": "application/json" },
          })
        ).status,
      ).toBe(200);
    const ask = (frozen: boolean) =>
      request({ clone_from: "source/done", environment_name: "copy", namespace: "strict", frozen });
    await set({ conda_included_packages: ["ipykernel"] });
    const frozen = await ask(true);
    expect([frozen.status, frozen.body["code"]]).toEqual([400, "setting_violated"]);
    expect(frozen.body["message"]).toMatch(
      /'ipykernel'.*setting conda_included_packages of namespace strict/,
    );
    const { spec } = await made({ clone_from: "source/done", environment_name: "copy", namespace: "strict" });
    expect(spec["dependencies"]).toContain("ipykernel");
    await set({ conda_included_packages: [], conda_allowed_channels: ["bioconda"] });
    for (const each of [await ask(true), await ask(false)]) expect(each.status).toBe(400);
  });
});

describe("files in a POST", () => {
  const files = [
    { name: "common.yml", content: "channels: [conda-forge]\ndependencies: [python =3.11]\n" },
    { name: "mission.txt", content: "numpy\n", format: "conda" },
    { name: "requirements.txt", content: "flask\n" },
  ];

  test("become one specification, whose hash is that of the same in one text", async () => {
    const merged = await made({ files, environment_name: "merged", namespace: "target" });
    const one = await made({
      specification:
        "name: merged\nchannels: [conda-forge]\ndependencies: [python =3.11, numpy, {pip: [flask]}]\n",
      namespace: "target",
    });
    expect(merged.spec).toEqual(one.spec);
    expect(merged.build?.specificationSha256).toBe(one.build?.specificationSha256);
  });

  test("are held to the settings", async () => {
    const { status, body } = await request({ files, environment_name: "merged", namespace: "strict" });
    expect([status, body["code"]]).toEqual([400, "setting_violated"]);
  });
});

test.each<[string, object, number, string, RegExp]>([
  [
    "a text and files",
    { specification: "name: x", files: [{ name: "a.yml", content: "" }] },
    400,
    "invalid_request",
    /one of specification, files, clone_from and solve_id/,
  ],
  ["a text and a clone", { specification: "name: x", clone_from: "a/b" }, 400, "invalid_request", /one of/],
  [
    "frozen without a clone",
    { specification: "name: x", frozen: true },
    400,
    "invalid_request",
    /clone_from/,
  ],
  [
    "a lockfile among files",
    { files: [{ name: "a.yml", content: "" }], is_lockfile: true },
    400,
    "invalid_request",
    /is_lockfile/,
  ],
  ["a clone without a name", { clone_from: "source/done" }, 400, "invalid_name", /environment_name/],
  [
    "a clone with a bad name",
    { clone_from: "source/done", environment_name: "a/b" },
    400,
    "invalid_name",
    /not allowed/,
  ],
  [
    "a clone of no environment",
    { clone_from: "source", environment_name: "x" },
    400,
    "invalid_name",
    /namespace\/name/,
  ],
  [
    "a clone of too much",
    { clone_from: "a/b/c", environment_name: "x" },
    400,
    "invalid_name",
    /namespace\/name/,
  ],
  [
    "a clone of a list",
    { clone_from: ["a/b"], environment_name: "x" },
    422,
    "invalid_parameter",
    /clone_from/,
  ],
  ["frozen that is a text", { clone_from: "a/b", frozen: "yes" }, 422, "invalid_parameter", /frozen/],
  ["no files", { files: [] }, 422, "invalid_parameter", /must hold a file/],
  ["files that are one", { files: { name: "a", content: "" } }, 422, "invalid_parameter", /list of files/],
  [
    "a file without a text",
    { files: [{ name: "a.yml" }] },
    422,
    "invalid_parameter",
    /files\.0\.content: Field required/,
  ],
  ["a file without a name", { files: [{ name: "", content: "" }] }, 422, "invalid_parameter", /empty/],
  [
    "an unknown format",
    { files: [{ name: "a", content: "", format: "toml" }] },
    422,
    "invalid_parameter",
    /one of environment, conda, pip/,
  ],
  [
    "too many files",
    { files: Array.from({ length: 21 }, (_, n) => ({ name: `${n}.yml`, content: "" })) },
    422,
    "invalid_parameter",
    /20 files/,
  ],
  [
    "too much text in files",
    { files: [0, 1].map((n) => ({ name: `${n}.yml`, content: " ".repeat(200_000) })) },
    413,
    "body_too_large",
    /256 KiB/,
  ],
  [
    "files that disagree",
    {
      files: [
        { name: "a.yml", content: "name: x\ndependencies: [python=3.11]" },
        { name: "b.yml", content: "dependencies: [python=3.12]" },
      ],
    },
    400,
    "invalid_specification",
    /a\.yml line 2 .*b\.yml line 1/,
  ],
])("refused with one sentence and nothing written: %s", async (_, body, status, code, says) => {
  const before = await everything();
  const reply = await request({ namespace: "nowhere", ...body });
  expect([reply.status, reply.body["code"]]).toEqual([status, code]);
  expect(reply.body["message"]).toMatch(says);
  expect(await everything()).toEqual(before);
});
