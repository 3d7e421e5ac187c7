/**
 * The store as a whole, and the defects of the original that are not copied: usage left namespaces without builds out,
 * metrics were open to everybody, left out states without builds, and broke before the first build.
 */
import { beforeAll, expect, test } from "vitest";
import { createNamespace } from "#adapters/dynamodb/namespaces.ts";
import { type Api, bearer, openApi, put } from "#test/kit/api.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import { building, complete, submitted } from "#test/kit/submissions.ts";

const aws = useMiniStack();
let api: Api;
let admin: Record<string, string>;
beforeAll(async () => {
  api = openApi(aws);
  admin = bearer(await api.token({ "*/*": ["viewer"] }));
});

async function metrics(): Promise<Record<string, number>> {
  const response = await api.request("/metrics", { headers: admin });
  expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
  const lines = (await response.text()).trimEnd().split("\n");
  return Object.fromEntries(lines.map((line) => [line.split(" ")[0], Number(line.split(" ")[1])]));
}
const json = async (path: string, headers = admin) =>
  (await (await api.request(path, { headers })).json()) as Record<string, never>;

test("metrics, usage and activity follow builds through their lives", async () => {
  const { db } = api.services;
  expect(await metrics()).toEqual({
    conda_store_build_queued: 0,
    conda_store_build_building: 0,
    conda_store_build_completed: 0,
    conda_store_build_failed: 0,
    conda_store_build_canceled: 0,
    conda_store_environments: 0,
    conda_store_disk_usage: 0,
  });
  await createNamespace(db, "empty", new Date());
  await submitted(db, { namespace: "team", environment: "waits" });
  const { id, attempt } = await building(db, "me", { namespace: "team", environment: "works" });
  expect(await metrics()).toMatchObject({
    conda_store_build_queued: 1,
    conda_store_build_building: 1,
    conda_store_environments: 2,
  });
  const { active_tasks } = await json("/celery");
  expect(Object.values(active_tasks ?? {})).toEqual([[expect.objectContaining({ args: [id] })]]);

  await complete(db, { id, attempt });

  expect(await metrics()).toMatchObject({
    conda_store_build_queued: 1,
    conda_store_build_building: 0,
    conda_store_build_completed: 1,
    conda_store_disk_usage: 1000,
  });
  expect((await json("/api/v1/usage/"))["data"]).toEqual({
    empty: { num_environments: 0, num_builds: 0, storage: 0 },
    team: { num_environments: 2, num_builds: 2, storage: 1000 },
  });
  const part = bearer(await api.token({ "team/works": ["viewer"] }));
  expect((await json("/api/v1/usage/", part))["data"]).toEqual({});
});

test("channels are those that the settings of the store name, with ids that stay", async () => {
  const own = openApi({ ...aws, table: await createTable("channels") });
  const headers = bearer(await own.token({ "*/*": ["admin"] }));
  const change = put({ conda_allowed_channels: ["conda-forge", "https://example.org/mine/"] });
  const set = { ...change, headers: { ...(change.headers as Record<string, string>), ...headers } };
  expect((await own.request("/api/v1/setting/", set)).status).toBe(200);
  const list = async (query: string) =>
    (await (await own.request(`/api/v1/channel/${query}`)).json()) as {
      count: number;
      data: { id: number; name: string }[];
    };
  const { data, count } = await list("");
  expect(count).toBe(2);
  expect(data.map(({ name }) => name)).toEqual([
    "https://conda.anaconda.org/conda-forge",
    "https://example.org/mine",
  ]);
  expect((await list("?order=desc&size=1")).data).toEqual([data[1]]);
});
