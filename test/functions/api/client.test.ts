import { beforeAll, expect, test } from "vitest";
import { getBuild, getBuildLogs } from "#core/contract/builds.ts";
import { type Client, createClient } from "#core/contract/client.ts";
import { getEnvironment, listEnvironments } from "#core/contract/environments.ts";
import { createNamespace } from "#core/contract/namespaces.ts";
import { postSpecification } from "#core/contract/specifications.ts";
import { getPermission } from "#core/contract/status.ts";
import { type Api, openApi } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
let api: Api;
let client: Client;
const fetchOf = (on: Api) => (input: string | URL | Request, init?: RequestInit) =>
  on.request(String(input), init);
beforeAll(async () => {
  api = openApi(aws, { prefix: "/conda-store" });
  const token = await api.token({ "*/*": ["admin"] });
  client = createClient({ baseUrl: "https://store.example/conda-store", token, fetch: fetchOf(api) });
});

test("the page's client and the server agree on every step of the main path", async () => {
  expect(await client(getPermission)).toMatchObject({ ok: true, value: { data: { authenticated: true } } });
  const name = "a+b=c";
  expect(await client(createNamespace, { params: { namespace: name } })).toMatchObject({ ok: true });
  const specification = "name: e^1\nchannels: [conda-forge]\ndependencies: [python]\n";
  const posted = await client(postSpecification, { body: { specification, namespace: name } });
  if (!posted.ok) throw new Error(posted.message);
  const buildId = posted.value.data.build_id;
  const build = await client(getBuild, { params: { buildId } });
  expect(build).toMatchObject({ ok: true, value: { data: { id: buildId, status: "QUEUED" } } });
  const log = await client(getBuildLogs, { params: { buildId }, query: { after: "", wait: "0" } });
  expect(log).toMatchObject({ ok: true, value: { lines: [], ended: false } });
  const environment = await client(getEnvironment, { params: { namespace: name, environment: "e^1" } });
  expect(environment).toMatchObject({ ok: true, value: { data: { current_build_id: buildId } } });
  const list = await client(listEnvironments, { query: { namespace: name, packages: ["x", "y"] } });
  expect(list).toMatchObject({ ok: true, value: { count: 0 } });
});

test("a refusal is a value with what people and programs need", async () => {
  expect(await client(getBuild, { params: { buildId: 4_000_000 } })).toEqual({
    ok: false,
    status: 404,
    code: "build_not_found",
    message: "build id does not exist",
    requestId: expect.any(String),
  });
});

test("a server that is away, or answers with a page of a proxy, is a refusal too", async () => {
  const away = createClient({
    baseUrl: "",
    fetch: async () => {
      throw new TypeError("fetch failed");
    },
  });
  expect(await away(getPermission)).toMatchObject({ ok: false, status: 0, code: "unreachable" });
  const proxy = createClient({
    baseUrl: "",
    fetch: async () => new Response("<html>Bad Gateway</html>", { status: 502, statusText: "Bad Gateway" }),
  });
  expect(await proxy(getPermission)).toMatchObject({ ok: false, status: 502, code: "unexpected" });
});

test("only an abort by the caller is thrown", async () => {
  const controller = new AbortController();
  controller.abort();
  const slow = createClient({ baseUrl: "", fetch: (_, init) => Promise.reject(init?.signal?.reason) });
  await expect(slow(getPermission, { signal: controller.signal })).rejects.toThrow();
});
