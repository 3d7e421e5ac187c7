/**
 * Below a path of another site: behind a proxy that passes paths on as they are, and behind one that takes the prefix away.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, DUMMY_PASSWORD, openApi, post } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { type Served, serveApp } from "#test/kit/serve-app.ts";
import { makeWorld, type World } from "./world.ts";

const PREFIX = "/conda-store";
const aws = useMiniStack();
const page = mkdtempSync(join(tmpdir(), "conda-store-prefix-"));
writeFileSync(join(page, "index.html"), "<!doctype html><html><head><title>x</title></head></html>");
let api: Api;
let world: World;
beforeAll(async () => {
  api = openApi(aws, { prefix: PREFIX, page: pathToFileURL(`${page}/`) });
  world = await makeWorld(api.services);
});
afterAll(() => rmSync(page, { recursive: true }));

/** A proxy that owns everything else of its site. */
function openProxy(target: string, strips: boolean): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    const { url = "/", method, headers } = incoming;
    const mine = url === PREFIX || url.startsWith(`${PREFIX}/`) || url.startsWith(`${PREFIX}?`);
    if (!mine) {
      outgoing.writeHead(418).end();
      return;
    }
    const path = strips ? url.slice(PREFIX.length) || "/" : url;
    const { host, ...rest } = headers;
    const { hostname, port, host: own } = new URL(target);
    const passed = request({
      ...{ hostname, port, method, path },
      headers: { ...rest, host: own, "x-forwarded-host": host },
    });
    passed.on("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  return new Promise((resolve) => server.listen(0, "localhost", () => resolve(server)));
}

describe.each([
  ["keeps", false],
  ["takes away", true],
])("behind a proxy that %s the prefix", (_, strips) => {
  let served: Served;
  let proxy: Server;
  let site: string;
  beforeAll(async () => {
    served = await serveApp(api.services, strips ? PREFIX : "");
    proxy = await openProxy(served.address, strips);
    site = `http://localhost:${(proxy.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await served.close();
  });
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${site}${path}`, { redirect: "manual", ...init });

  test.each([
    [PREFIX, `${PREFIX}/ui/`],
    [`${PREFIX}/`, `${PREFIX}/ui/`],
    [`${PREFIX}/login/`, `${PREFIX}/ui/login`],
    [`${PREFIX}/login?next=${PREFIX}/ui/team`, `${PREFIX}/ui/login?next=%2Fconda-store%2Fui%2Fteam`],
  ])("%s leads to %s", async (path, target) => {
    const response = await ask(path);
    expect([response.status, response.headers.get("location")]).toEqual([307, target]);
  });

  test("the page knows where it lies", async () => {
    const text = await (await ask(`${PREFIX}/ui/team/demo`)).text();
    expect(text).toContain(`<base href="${PREFIX}/ui/">`);
  });

  test("a browser logs in, asks with its cookie, and logs out, without leaving the prefix", async () => {
    const login = await ask(`${PREFIX}/login/`, {
      ...post({ username: "me", password: DUMMY_PASSWORD }, { origin: site }),
    });
    expect(await login.json()).toEqual({ status: "ok", data: { redirect_url: `${PREFIX}/` } });
    const [cookie = ""] = login.headers.getSetCookie();
    expect(cookie).toContain(`; Path=${PREFIX};`);
    const headers = { cookie: cookie.split(";")[0] ?? "", origin: site };
    expect(await (await ask(`${PREFIX}/api/v1/permission/`, { headers })).json()).toMatchObject({
      data: { primary_namespace: "me" },
    });
    const made = await ask(`${PREFIX}/api/v1/namespace/made-${strips}/`, { method: "POST", headers });
    expect(made.status).toBe(200);
    const archive = await ask(`${PREFIX}/api/v1/build/${world.completed}/archive/`, { headers });
    expect(archive.headers.get("location")).toContain(aws.endpoint);
    const logout = await ask(`${PREFIX}/logout/`, { method: "POST", headers });
    expect([logout.status, logout.headers.get("location")]).toEqual([303, `${PREFIX}/`]);
    expect(logout.headers.getSetCookie()[0]).toMatch(/conda-store-auth=;.*Path=\/conda-store/);
  });

  test("what is not there is told in the one shape", async () => {
    const response = await ask(`${PREFIX}/api/v1/no-such/`);
    expect([response.status, await response.json()]).toMatchObject([404, { code: "not_found" }]);
    expect((await ask("/api/v1/")).status).toBe(418);
  });
});
