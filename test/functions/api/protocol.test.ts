import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { ErrorReply } from "#core/contract/shapes.ts";
import { VERSION } from "#core/version.ts";
import { createApp } from "#functions/api/app.ts";
import { toRequest, toResult } from "#functions/api/lambda.ts";
import { bearer, openApi } from "#test/kit/api.ts";
import { lambdaEvent } from "#test/kit/lambda-event.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { submitted } from "#test/kit/submissions.ts";
import packageJson from "../../../package.json" with { type: "json" };
import { useWorld } from "./use-api.ts";

const aws = useMiniStack();
const { api, admin, world } = useWorld(aws);
const get = async (path: string, headers = admin) => {
  const response = await api.request(path, { headers });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
};

test("the version that is told is the package's", () => {
  expect(VERSION).toBe(packageJson.version);
});

describe("every error has one shape", () => {
  test.each<[string, string, RequestInit, number]>([
    ["an unknown path", "/api/v1/nothing", {}, 404],
    ["a path above the API", "/etc/passwd", {}, 404],
    ["a known path with another method", "/api/v1/build/1/", { method: "PATCH" }, 405],
    ["a preflight that no other site may make", "/api/v1/build/1/", { method: "OPTIONS" }, 405],
    ["a malformed escape", "/api/v1/namespace/%E0%A4%A/", {}, 400],
  ])("%s", async (_, path, init, status) => {
    const response = await api.request(path, init);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    const reply = v.parse(ErrorReply, await response.json());
    expect(reply.request_id).toBe(response.headers.get("x-request-id"));
    expect(api.lines.at(-1)).toMatchObject({
      message: "request",
      request_id: reply.request_id,
      status,
      code: reply.code,
    });
  });

  test("what breaks on our side is told in one sentence and logged in full", async () => {
    const broken = openApi({ ...aws, table: "no-such-table" });
    const token = bearer(await broken.token({ "*/*": ["admin"] }));
    const response = await broken.request("/api/v1/namespace/", { headers: token });
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({
      status: "error",
      code: "internal",
      request_id: expect.any(String),
    });
    expect(text).not.toMatch(/no-such-table|ResourceNotFound|\.ts/);
    const line = broken.lines.find(({ message }) => message === "request failed");
    expect(line).toMatchObject({ level: "error", error: { stack: expect.stringContaining("\n") } });
  });

  test("what only has to be tried again says so", async () => {
    const throttled = openApi(aws, {
      secret: {
        get: async () => {
          throw Object.assign(new Error("Rate exceeded"), { name: "ThrottlingException" });
        },
        refresh: () => api.services.secret.get(),
      },
    });
    const response = await throttled.request("/api/v1/permission/", { headers: admin });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.json()).toMatchObject({ code: "try_again" });
  });

  test("API Gateway's request id is the request's", async () => {
    const app = createApp(api.services);
    const response = await app.request("/api/v1/", {}, { requestId: "gateway-1" });
    expect(response.headers.get("x-request-id")).toBe("gateway-1");
  });
});

describe("the query", () => {
  test("one slash at its end is the CLI's and is dropped", async () => {
    expect((await get("/api/v1/environment?page=1&size=2/")).body).toMatchObject({ page: 1, size: 2 });
    expect((await get("/api/v1/environment?status=COMPLETED/")).body).toMatchObject({ count: 1 });
    expect((await get("/api/v1/namespace?page=2/")).body).toMatchObject({ page: 2, data: [] });
    expect((await get("/api/v1/namespace?page=2//")).status).toBe(422);
  });

  test("a larger page than the largest is the largest, and says so", async () => {
    expect((await get("/api/v1/environment/?size=5000")).body).toMatchObject({ size: 100 });
  });

  test("a list of environments that asks for no page has them all", async () => {
    const { db } = api.services;
    await Promise.all(
      Array.from({ length: 120 }, (_, n) =>
        submitted(db, { namespace: "many", environment: `e${String(n).padStart(3, "0")}` }),
      ),
    );
    const { body } = await get("/api/v1/environment/?namespace=many");
    expect(body).toMatchObject({ count: 120, page: 1, size: 1000 });
    expect(body["data"]).toHaveLength(120);
    const second = (await get("/api/v1/environment/?namespace=many&page=2&size=50")).body;
    expect(second).toMatchObject({ count: 120, page: 2, size: 50 });
    expect((second["data"] as { name: string }[])[0]?.name).toBe("e050");
    const last = (await get("/api/v1/environment/?namespace=many&page=9&size=50")).body;
    expect(last).toMatchObject({ count: 120, data: [] });
  });

  test("filters look at the current build, and unknown sort keys and orders mean the default", async () => {
    const names = async (query: string) =>
      ((await get(`/api/v1/environment/?${query}`)).body["data"] as { name: string }[]).map(
        ({ name }) => name,
      );
    expect(await names("namespace=team")).toEqual(["demo", "next"]);
    expect(await names("namespace=team&order=desc")).toEqual(["next", "demo"]);
    expect(await names("namespace=team&order=sideways&sort_by=colour")).toEqual(["demo", "next"]);
    expect(await names("status=COMPLETED")).toEqual(["demo"]);
    expect(await names("artifact=CONDA_PACK")).toEqual(["demo"]);
    expect(await names("packages=numpy&packages=zlib")).toEqual(["demo"]);
    expect(await names("packages=numpy&packages=scipy")).toEqual([]);
    expect(await names("name=hidden")).toEqual(["hidden"]);
    expect(await names("search=idd")).toEqual(["hidden"]);
  });
});

describe("the packages of a build", () => {
  const names = async (query: string) =>
    (
      (await get(`/api/v1/build/${world.completed}/packages/?${query}`)).body["data"] as { name: string }[]
    ).map(({ name }) => name);
  test("are sorted, searched, and whole names are whole names", async () => {
    expect(await names("")).toEqual(["numpy", "python", "zlib"]);
    expect(await names("order=desc&sort_by=name")).toEqual(["zlib", "python", "numpy"]);
    expect(await names("search=y")).toEqual(["numpy", "python"]);
    expect(await names("search=num&exact=true")).toEqual([]);
    expect(await names("search=num&exact=false")).toEqual(["numpy"]);
    expect(await names("build=h0")).toHaveLength(3);
    expect(await names("size=2&page=2")).toEqual(["zlib"]);
  });

  test("have ids that stay the same and differ from each other", async () => {
    const ids = async () =>
      ((await get(`/api/v1/build/${world.completed}/packages/`)).body["data"] as { id: number }[]).map(
        ({ id }) => id,
      );
    expect(await ids()).toEqual(await ids());
    expect(new Set(await ids()).size).toBe(3);
    expect((await ids()).every(Number.isSafeInteger)).toBe(true);
  });

  test("of a build that has not ended are none yet", async () => {
    expect((await get(`/api/v1/build/${world.queued}/packages/`)).body).toMatchObject({ data: [], count: 0 });
  });
});

describe("times and sizes are as clients parse them", () => {
  test("UTC without zone, microseconds", async () => {
    const { body } = await get(`/api/v1/build/${world.completed}/`);
    const { scheduled_on, started_on, ended_on, size } = body["data"] as Record<string, unknown>;
    expect(scheduled_on).toBe("2026-03-04T05:06:07.890000");
    for (const at of [started_on, ended_on]) expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?$/);
    expect(size).toBe(1000);
  });
});

describe("redirects to artifacts", () => {
  test("lead to another origin, work without any credential, and die within an hour", async () => {
    for (const name of ["lockfile", "conda-lock.yml", "conda-lock.yaml", "yaml", "archive", "logs"]) {
      const response = await api.request(`/api/v1/build/${world.completed}/${name}`, { headers: admin });
      expect(response.status).toBe(307);
      const location = new URL(response.headers.get("location") ?? "");
      expect(location.origin).toBe(aws.endpoint);
      expect(Number(location.searchParams.get("X-Amz-Expires"))).toBeLessThanOrEqual(3600);
      const fetched = await fetch(location);
      expect(fetched.status).toBe(200);
      const type = name.includes("lock")
        ? "application/json"
        : name === "archive"
          ? "application/gzip"
          : "text/";
      expect(fetched.headers.get("content-type")).toContain(type);
    }
  });

  test("the archive is saved under the environment's name", async () => {
    const response = await api.request(`/api/v1/build/${world.completed}/archive/`, { headers: admin });
    const fetched = await fetch(response.headers.get("location") ?? "");
    expect(fetched.headers.get("content-disposition")).toContain(`demo-${world.completed}.tar.gz`);
    expect(await fetched.text()).toBe("archive");
  });
});

describe("a prefix", () => {
  test("stands in front of everything, and nothing answers without it", async () => {
    const prefixed = openApi(aws, { prefix: "/conda-store" });
    expect((await prefixed.request("/conda-store/api/v1/")).status).toBe(200);
    expect((await prefixed.request("/conda-store/api/v1")).status).toBe(200);
    expect((await prefixed.request("/api/v1/")).status).toBe(404);
    expect((await prefixed.request("/login/")).status).toBe(404);
    for (const path of ["/", "/conda-store", "/conda-store/"]) {
      const response = await prefixed.request(path);
      expect([response.status, response.headers.get("location")]).toEqual([307, "/conda-store/ui/"]);
    }
  });
});

test.each(["/api/v1/", "/openapi.json", "/api/v1/namespace/", "/api/v1/solve/", "/nowhere/", "/"])(
  "HEAD %s answers as GET does, with its length and without its body",
  async (path) => {
    const got = await api.request(path, { headers: admin });
    const length = (await got.arrayBuffer()).byteLength;
    const head = await api.request(path, { method: "HEAD", headers: admin });
    expect([head.status, head.headers.get("content-type"), head.headers.get("content-length")]).toEqual([
      got.status,
      got.headers.get("content-type"),
      String(length),
    ]);
    expect(await head.text()).toBe("");

    const event = lambdaEvent({ method: "HEAD", rawPath: path, headers: admin });
    const result = await toResult(await createApp(api.services).fetch(toRequest(event)));
    expect([result.headers?.["content-length"], result.body]).toEqual([String(length), ""]);
  },
);

test("names in paths may hold every character of the grammar", async () => {
  const name = "A-z0+_@$&^~.=";
  await submitted(api.services.db, { namespace: name, environment: name });
  const { status, body } = await get(
    `/api/v1/environment/${encodeURIComponent(name)}/${encodeURIComponent(name)}/`,
  );
  expect(status).toBe(200);
  expect(body).toMatchObject({ data: { name, namespace: { name } } });
});
