/**
 * Limits that protect: how often, how much, how large.
 */
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { putPackages } from "#adapters/dynamodb/packages.ts";
import { updateEnvironment } from "#adapters/dynamodb/update-environment.ts";
import { writeLogChunk } from "#adapters/s3/logs.ts";
import { createApp } from "#functions/api/app.ts";
import { toRequest, toResult } from "#functions/api/lambda.ts";
import { type Api, bearer, DUMMY_PASSWORD, openApi, post } from "#test/kit/api.ts";
import { lambdaEvent } from "#test/kit/lambda-event.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { building, sha256Of, submitted } from "#test/kit/submissions.ts";
import { line, makeWorld, type World } from "./world.ts";

const aws = useMiniStack();
let api: Api;
let world: World;
let admin: string;
beforeAll(async () => {
  api = openApi(aws, { rates: { submissionsPerMinute: 3, loginsPerMinute: 2 } });
  world = await makeWorld(api.services);
  admin = await api.token({ "*/*": ["admin"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Stops the clock in the middle of a minute, so that no test runs over its end. */
function stopClock(): void {
  const now = Date.now();
  vi.useFakeTimers({ toFake: ["Date"], now: now - (now % 60_000) + 30_000 });
}

/** Asks as API Gateway does, from an address. */
async function from(address: string, path: string, init: RequestInit): Promise<Response> {
  return await createApp(api.services).request(path, init, { address });
}

let n = 0;
function specify(token: string | null): Promise<Response> {
  n += 1;
  const body = { namespace: "team", specification: `name: x${n}\ndependencies: [python]\n` };
  return from("192.0.2.1", "/api/v1/specification/", post(body, token === null ? {} : bearer(token)));
}
const statuses = async (times: number, ask: () => Promise<Response>): Promise<number[]> => {
  const seen: number[] = [];
  for (let i = 0; i < times; i++) seen.push((await ask()).status);
  return seen;
};

test("an address that only a header tells counts for nothing", async () => {
  stopClock();
  const wrong = (address: string) =>
    from(
      "198.51.100.9",
      "/login/",
      post(
        { username: "mallory", password: "wrong" },
        { "x-forwarded-for": address, forwarded: `for=${address}`, "x-real-ip": address },
      ),
    );
  const seen: number[] = [];
  for (const n of [1, 2, 3, 4]) seen.push((await wrong(`203.0.113.${n}`)).status);
  expect(seen).toEqual([403, 403, 429, 429]);
});

describe("builds that are asked for", () => {
  test("are bounded by the minute for each principal, and the refusal says when to come back", async () => {
    stopClock();
    const token = await api.token({ "team/*": ["developer"] }, "bounded");
    expect(await statuses(3, () => specify(token))).toEqual([200, 200, 200]);
    const refused = await specify(token);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("30");
    expect(await refused.json()).toMatchObject({
      status: "error",
      code: "too_many_requests",
      message: "Too many requests. Try again in 30 seconds.",
      request_id: expect.any(String),
    });
    const environment = await api.request(`/api/v1/environment/team/x${n}/`, { headers: bearer(admin) });
    expect(environment.status).toBe(404);

    vi.setSystemTime(Date.now() + 30_000);
    expect((await specify(token)).status).toBe(200);
  });

  test("count for the member, whichever of his tokens is sent, and for no other", async () => {
    stopClock();
    const tokens = await Promise.all(
      [1, 2, 3, 4].map((i) =>
        api.token({ "team/*": ["developer"], [`other-${i}/*`]: ["viewer"] }, "several"),
      ),
    );
    const seen = await Promise.all(tokens.map((token) => specify(token)));
    expect(seen.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429]);
    expect((await specify(await api.token({ "team/*": ["developer"] }, "another"))).status).toBe(200);
  });

  test("count for services by what they may do, since they have no namespace", async () => {
    stopClock();
    const service = await api.token({ "team/*": ["developer"] }, "");
    expect(await statuses(4, () => specify(service))).toEqual([200, 200, 200, 429]);
    expect((await specify(await api.token({ "team/*": ["admin"] }, ""))).status).toBe(200);
  });

  test("count also when they are refused for another reason, and for nobody by the address", async () => {
    stopClock();
    expect(await statuses(4, () => specify(null))).toEqual([403, 403, 403, 429]);
    const elsewhere = post({ specification: "name: x\n" });
    expect((await from("192.0.2.2", "/api/v1/specification/", elsewhere)).status).toBe(403);
  });

  test("count in the transaction that accepts them; a full minute that was met once costs no call", async () => {
    stopClock();
    const token = await api.token({ "team/*": ["developer"] }, "cheap");
    await statuses(3, () => specify(token));
    expect((await specify(token)).status).toBe(429);
    api.calls.length = 0;
    expect((await specify(token)).status).toBe(429);
    expect(api.calls).toEqual([]);
    // What is full for one says nothing of another, nor of the next minute.
    expect((await specify(await api.token({ "team/*": ["developer"] }, "other"))).status).toBe(200);
    vi.setSystemTime(Date.now() + 30_000);
    expect((await specify(token)).status).toBe(200);
  });

  test("count once each, however many are posted in the same instant to one environment", async () => {
    stopClock();
    const token = await api.token({ "team/*": ["developer"] }, "burst");
    const same = () =>
      from(
        "192.0.2.1",
        "/api/v1/specification/",
        post({ namespace: "team", specification: "name: burst\ndependencies: [python]\n" }, bearer(token)),
      );
    const seen = await Promise.all([1, 2, 3, 4, 5, 6].map(same));
    expect(seen.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429, 429]);
    const { data } = await (
      await api.request("/api/v1/build/?name=burst&namespace=team", { headers: bearer(admin) })
    ).json();
    expect(data).toHaveLength(3);
  });

  test("are rebuilds too", async () => {
    stopClock();
    const token = await api.token({ "team/*": ["developer"] }, "again");
    const rebuild = () =>
      api.request(`/api/v1/build/${world.completed}/`, { method: "PUT", headers: bearer(token) });
    expect(await statuses(3, rebuild)).toEqual([200, 200, 200]);
    expect((await rebuild()).status).toBe(429);
    expect((await specify(token)).status).toBe(429);
  });
});

describe("passwords that are tried", () => {
  const login = (username: string, password: string, address = "192.0.2.3") =>
    from(address, "/login/", post({ username, password }));

  test("are bounded for each name from one address, right ones too", async () => {
    stopClock();
    expect(await statuses(2, () => login("alice", "wrong"))).toEqual([403, 403]);
    const refused = await login("alice", DUMMY_PASSWORD);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "30"]);
    expect((await login("bob", DUMMY_PASSWORD)).status).toBe(200);
    expect((await login("alice", DUMMY_PASSWORD, "192.0.2.4")).status).toBe(200);
  });

  test("are bounded for one address in all, whatever the names", async () => {
    stopClock();
    let tried = 0;
    const next = () => login(`name-${tried++}`, "wrong", "192.0.2.5");
    expect(new Set(await statuses(20, next))).toEqual(new Set([403]));
    expect((await next()).status).toBe(429);
  });

  test("leave no name behind in the counts", async () => {
    stopClock();
    api.calls.length = 0;
    expect((await login("hunter2", "wrong", "192.0.2.6")).status).toBe(403);
    expect(api.calls.map(({ command }) => command)).toEqual(["UpdateItemCommand"]);
    expect(JSON.stringify(api.lines)).not.toContain("hunter2");
  });
});

/** What Lambda hands to API Gateway, whole, and the answer in it. */
async function handedOver(path: string): Promise<{ bytes: number; status: number; text: string }> {
  const [rawPath = "", rawQueryString = ""] = path.split("?");
  const event = lambdaEvent({ rawPath, rawQueryString, headers: bearer(admin) });
  const result = await toResult(await createApp(api.services).fetch(toRequest(event), {}));
  const { statusCode: status = 0, body: text = "" } = result;
  return { bytes: Buffer.byteLength(JSON.stringify(result)), status, text };
}
const LAMBDA_BYTES_MAX = 6 * 1024 * 1024;

describe("what is answered fits into what Lambda hands over", () => {
  test("lists of environments whose descriptions are as long and as awkward as they can be", async () => {
    const { db } = api.services;
    for (let i = 0; i < 110; i += 10) {
      await Promise.all(
        Array.from({ length: 10 }, async (_, k) => {
          const environment = `e${i + k}`;
          await submitted(db, { namespace: "wordy", environment });
          await updateEnvironment(db, "wordy", environment, { description: "\u0001".repeat(10_000) });
        }),
      );
    }
    for (const path of ["/api/v1/environment/?namespace=wordy", "/api/v2/environment/?namespace=wordy"]) {
      const { bytes, status, text } = await handedOver(path);
      expect([status, bytes < LAMBDA_BYTES_MAX]).toEqual([200, true]);
      const { data, count } = JSON.parse(text) as { data: { description: string }[]; count: number };
      expect(count).toBe(110);
      expect(data.every(({ description }) => description.endsWith("…"))).toBe(true);
    }
    const one = await handedOver("/api/v1/environment/wordy/e1/");
    expect((JSON.parse(one.text) as { data: { description: string } }).data.description).toHaveLength(10_000);
  });

  test("the log of a build that says very much, as text and as lines", async () => {
    const { id } = await building(api.services.db, "task", { namespace: "noisy", environment: "x" });
    for (let chunk = 0; chunk < 20; chunk++) {
      const lines = Array.from({ length: 130 }, () => line('"'.repeat(4_000)));
      await writeLogChunk(api.services.bucket, id, 1, chunk, lines);
    }
    const whole = await handedOver(`/api/v1/build/${id}/logs/`);
    expect([whole.status, whole.bytes < LAMBDA_BYTES_MAX]).toEqual([200, true]);
    let seen = 0;
    for (let cursor = ""; ; ) {
      const { status, bytes, text } = await handedOver(`/api/v1/build/${id}/logs/?after=${cursor}`);
      expect([status, bytes < LAMBDA_BYTES_MAX]).toEqual([200, true]);
      const page = JSON.parse(text) as { lines: unknown[]; cursor: string };
      if (page.lines.length === 0) break;
      seen += page.lines.length;
      cursor = page.cursor;
    }
    expect(seen).toBe(20 * 130);
  });

  test("what does not is refused with what to do, and a smaller page works", async () => {
    const { db } = api.services;
    const packages = Array.from({ length: 100 }, (_, i) => ({
      manager: "conda" as const,
      name: `p${i}`,
      version: "1",
      build: "0",
      channel: "https://conda.anaconda.org/conda-forge",
      subdir: "noarch",
      license: null,
      summary: "x".repeat(100_000),
      sha256: sha256Of(`p${i}`),
      sizeBytes: 1,
    }));
    await putPackages(db, sha256Of("lock"), packages);
    const path = `/api/v1/build/${world.completed}/packages/`;
    const { status, text } = await handedOver(path);
    expect([status, JSON.parse(text)]).toMatchObject([400, { code: "reply_too_large" }]);
    expect(await handedOver(`${path}?size=10`)).toMatchObject({ status: 200 });
  });
});
