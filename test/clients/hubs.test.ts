/**
 * What clients inside hubs send, word by word, and what they read of the answers.
 */
import { beforeAll, describe, expect, test } from "vitest";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { putPackages } from "#adapters/dynamodb/packages.ts";
import { mintToken } from "#adapters/secrets/tokens.ts";
import type { BindingMap } from "#core/access/binding.ts";
import { archiveKey } from "#core/layout.ts";
import { type Api, bearer, DUMMY_PASSWORD, openApi } from "#test/kit/api.ts";
import { audited } from "#test/kit/audited.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { building, complete, completedResult, sha256Of, submitted } from "#test/kit/submissions.ts";
import { makeWorld } from "../functions/api/world.ts";

const aws = useMiniStack();
const A = "/conda-store/api/v1";
let api: Api;

/** Nebari's service tokens have an empty primary namespace. */
const service = (roleBindings: BindingMap): Promise<string> =>
  mintToken(api.services.secret, {
    primaryNamespace: "",
    roleBindings,
    expiresAt: new Date(Date.now() + 3_600_000),
  });

interface List {
  count: number;
  data: { id: number; name: string; current_build_id: number; namespace: { id: number; name: string } }[];
}
async function list(path: string, token: string): Promise<List> {
  const response = await api.request(path, { headers: bearer(token) });
  expect(response.status).toBe(200);
  return (await response.json()) as List;
}

beforeAll(async () => {
  api = openApi(aws, { prefix: "/conda-store" });
  await makeWorld(api.services);
  const db = audited(api.services.db);
  await makeLab(db);
  for (let n = 0; n < 120; n += 10) {
    await Promise.all(
      Array.from({ length: 10 }, (_, i) => submitted(db, { namespace: `group-${i}`, environment: `e${n}` })),
    );
  }
});

/** What the clients of hubs look for in environments. */
const LAB = ["cdsdashboards-singleuser", "dask", "dask-gateway", "distributed", "ipykernel", "jupyterlab"];

/** `group-1/lab`, which has all of it. */
async function makeLab(db: AuditedDb): Promise<void> {
  const lockDigest = sha256Of("lab");
  await putPackages(
    db,
    lockDigest,
    LAB.map((name) => ({
      manager: "conda",
      name,
      version: "1.0",
      build: "h0_0",
      channel: "https://conda.anaconda.org/conda-forge",
      subdir: "linux-64",
      license: "BSD-3-Clause",
      summary: null,
      sha256: sha256Of(name),
      sizeBytes: 10,
    })),
  );
  const { id, attempt } = await building(db, "task", { namespace: "group-1", environment: "lab" });
  const key = archiveKey(sha256Of("reuse"));
  const result = completedResult({ lockDigest, artifacts: [{ type: "CONDA_PACK", key, sizeBytes: 7 }] });
  await complete(db, { id, attempt }, result);
}

describe("jhub-apps in Nebari", () => {
  test("makes a user's token from its own, counts, and reads pages of a hundred", async () => {
    const role_bindings = {
      "alice/*": ["viewer"],
      "default/*": ["viewer"],
      "filesystem/*": ["viewer"],
      "nebari-git/*": ["viewer"],
      "global/*": ["viewer"],
      "team/*": ["viewer"],
      "group-1/*": ["viewer"],
    };
    const made = await api.request(`${A}/token/`, {
      method: "POST",
      headers: { "content-type": "application/json", ...bearer(await service({ "*/*": ["viewer"] })) },
      body: JSON.stringify({ role_bindings }),
    });
    expect(made.status).toBe(200);
    const { token } = ((await made.json()) as { data: { token: string } }).data;

    const { count } = await list(`${A}/environment/`, token);
    expect(count).toBe(15);
    const { data } = await list(`${A}/environment/?size=100&page=1`, token);
    const names = data.map(({ namespace, name }) => `${namespace.name}-${name}`);
    expect(names).toContain("team-demo");
    expect(names).not.toContain("secret-hidden");
  });

  test("an admin's token sees everything, over more than one page", async () => {
    const token = await service({ "*/*": ["viewer"] });
    const { count } = await list(`${A}/environment/`, token);
    expect(count).toBe(124);
    const pages = [1, 2].map((page) => list(`${A}/environment/?size=100&page=${page}`, token));
    const ids = (await Promise.all(pages)).flatMap(({ data }) => data.map(({ id }) => id));
    expect(new Set(ids).size).toBe(124);
  });
});

test("dask-gateway reads the first answer only, and packages must all be there", async () => {
  const token = await service({ "*/*": ["viewer"] });
  const path = `${A}/environment/?packages=dask&packages=distributed&packages=dask-gateway`;
  expect((await list(path, token)).data.map(({ name }) => name)).toEqual(["lab"]);
  expect((await list(`${path}&packages=numpy`, token)).data).toEqual([]);
});

test("argo-jupyter-scheduler asks without the slash and reads the first answer only", async () => {
  const { data, count } = await list(`${A}/environment`, await service({ "*/*": ["viewer"] }));
  expect(data).toHaveLength(count);
});

test("nb_conda_store_kernels leaves its slash on the last value", async () => {
  const path = `${A}/environment?status=COMPLETED&artifact=CONDA_PACK&packages=ipykernel/`;
  const { data, count } = await list(path, await service({ "*/*": ["viewer"] }));
  expect(count).toBe(1);
  expect(data[0]).toMatchObject({
    name: "lab",
    namespace: { name: "group-1" },
    current_build_id: expect.any(Number),
  });
});

test("cdsdashboards asks for one package", async () => {
  const token = await service({ "*/*": ["viewer"] });
  const { data } = await list(`${A}/environment/?packages=cdsdashboards-singleuser`, token);
  expect(data.map(({ name }) => name)).toEqual(["lab"]);
});

test("a spawner without a shared disk makes a token, lists what it can run, and finds its archive", async () => {
  const own = { "content-type": "application/json", ...bearer(await service({ "*/*": ["viewer"] })) };
  const body = JSON.stringify({ role_bindings: { "team/*": ["viewer"] } });
  const made = await api.request(`${A}/token/`, { method: "POST", headers: own, body });
  const { token } = ((await made.json()) as { data: { token: string } }).data;
  const path = `${A}/environment?status=COMPLETED&artifact=CONDA_PACK&packages=python&packages=numpy/`;
  const { data } = await list(path, token);
  expect(data.map(({ namespace, name }) => `${namespace.name}/${name}`)).toEqual(["team/demo"]);
  const archive = await api.request(`${A}/build/${data[0]?.current_build_id}/archive/`, {
    headers: bearer(token),
  });
  expect(archive.status).toBe(307);
  expect((await fetch(archive.headers.get("location") ?? "")).status).toBe(200);
});

test("a script that logs in takes the token out of the cookie jar", async () => {
  const response = await api.request("/conda-store/login/", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "alice", password: DUMMY_PASSWORD }),
  });
  const jar = response.headers.getSetCookie().map((cookie) => /^conda-store-auth=([^;]+)/.exec(cookie)?.[1]);
  const permission = await api.request(`${A}/permission/`, { headers: bearer(jar[0] ?? "") });
  expect(await permission.json()).toMatchObject({
    data: { authenticated: true, primary_namespace: "alice" },
  });
});

test("Prometheus and health checks find what they look for", async () => {
  expect((await api.request(`${A}/`)).status).toBe(200);
  const response = await api.request("/conda-store/metrics", {
    headers: bearer(await service({ "*/*": ["viewer"] })),
  });
  const text = await response.text();
  for (const name of [
    "build_queued",
    "build_building",
    "build_completed",
    "build_failed",
    "environments",
    "disk_usage",
  ])
    expect(text).toMatch(new RegExp(`^conda_store_${name} \\d+$`, "m"));
});

test("conda-store's page, and JupyterLab's, poll an environment and its builds", async () => {
  const token = await api.token({ "team/*": ["developer"] });
  expect((await list(`${A}/namespace/?page=1&size=100`, token)).data.map(({ name }) => name)).toEqual([
    "team",
  ]);
  const environments = await list(`${A}/environment/?page=1&size=100&search=`, token);
  expect(environments.data.map(({ name }) => name)).toEqual(["demo", "next"]);
  const path = `${A}/build/?namespace=team&name=demo&order=desc&sort_by=scheduled_on`;
  const { data } = await list(path, token);
  const current = data.find(({ id }) => id === environments.data[0]?.current_build_id);
  expect(current).toMatchObject({
    id: environments.data[0]?.current_build_id,
    status: "COMPLETED",
    status_info: null,
    scheduled_on: expect.stringMatching(/^[\d-]+T[\d:.]+$/),
    ended_on: expect.stringMatching(/^[\d-]+T[\d:.]+$/),
  });
});
