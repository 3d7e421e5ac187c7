import { beforeEach, expect, test } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { createNamespace } from "#adapters/dynamodb/namespaces.ts";
import { pinBuild } from "#adapters/dynamodb/pins.ts";
import { readAudit } from "#adapters/dynamodb/read-audit.ts";
import { giveRole } from "#adapters/dynamodb/roles.ts";
import type { AuditEntry } from "#core/audit/entry.ts";
import type { Route } from "#core/contract/route.ts";
import { ROUTES } from "#core/contract/routes.ts";
import { type Api, bearer, DUMMY_PASSWORD, openApi, post } from "#test/kit/api.ts";
import { audited } from "#test/kit/audited.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import { ROUTE_CASES } from "./cases/all.ts";
import { makeWorld, type World } from "./world.ts";

const aws = useMiniStack();
let api: Api;
let world: World;

let tables = 0;
beforeEach(async () => {
  api = openApi({ ...aws, table: await createTable(`audit-of-routes-${++tables}`) });
  world = await makeWorld(api.services);
  // What the happy cases take away, whether or not it is there.
  const db = audited(api.services.db);
  await createNamespace(db, "nothing", new Date());
  await giveRole(db, "team", "nothing", "viewer");
  await giveRole(db, "secret", "team", "viewer");
});

/** Routes by another method than GET that change nothing in the store, each with the reason. */
const CHANGES_NOTHING: ReadonlyMap<string, string> = new Map([
  ["refreshChannels", "it asks prefetch, which changes what is kept of channels and nothing of the store's"],
  ["postSolve", "it asks a question, which is forgotten with its answer after a day"],
  ["logout", "without the cookie of a login, as here, there is none to end; see the test of logging out"],
]);

const CHANGING = (ROUTES as readonly Route[]).filter(
  ({ id, method }) => method !== "get" && !CHANGES_NOTHING.has(id),
);

/** What this request is told to have changed. */
async function entriesOf(requestId: string): Promise<readonly AuditEntry[]> {
  const { entries } = await readAudit(api.services.db, {
    part: { kind: "store" },
    since: null,
    until: null,
    order: "desc",
    after: null,
    wanted: (entry) => entry.requestId === requestId,
    most: 1000,
    bytesMax: 10_000_000,
    sizeOf: () => 1,
  });
  return entries;
}

const tokenOf = async (as: string): Promise<Record<string, string>> => {
  if (as === "nobody") return {};
  return bearer(await api.token(as === "viewer" ? { "team/*": ["viewer"] } : { "*/*": ["admin"] }));
};

test.each(CHANGING.map((route) => [route.id, route] as const))(
  "%s leaves an entry with who asked, the request's id and the address, and no secret",
  async (id, route) => {
    const happy = (ROUTE_CASES[id] ?? []).filter(({ kind }) => kind === "happy");
    expect(happy.length).toBeGreaterThan(0);
    const told: AuditEntry[] = [];
    if (id === "unpinBuild") await pinBuild(audited(api.services.db), world.completed, new Date());
    for (const { as, path, init = {}, status } of happy) {
      const token = await tokenOf(as);
      const headers = { ...token, ...(init.headers as Record<string, string> | undefined) };
      const requestId = crypto.randomUUID();
      const place = path(world).replace(/dry_run=true/i, "dry_run=false");
      const env = { requestId, address: "192.0.2.1" };
      const response = await api.request(place, { ...init, headers }, env);
      expect(response.status).toBe(status);
      const entries = await entriesOf(requestId);
      told.push(...entries);
      for (const entry of entries) {
        expect(entry.address).toBe("192.0.2.1");
        if (as !== "nobody") expect(entry.by).toEqual({ kind: "user", name: "alice" });
        const text = JSON.stringify(entry);
        for (const secret of [DUMMY_PASSWORD, api.secretText, token["authorization"]?.split(" ")[1]]) {
          if (secret !== undefined) expect(text).not.toContain(secret);
        }
        const buildId = route.path.includes(":buildId") && Number(/\/build\/(\d+)/.exec(place)?.[1]);
        if (buildId) {
          // Building again makes another build of the same environment.
          const build = await getBuild(api.services.db, buildId);
          const { namespace, environment } = entry;
          expect({ namespace, environment }).toEqual({
            namespace: build?.namespace,
            environment: build?.environment,
          });
        }
      }
    }
    expect(told.length).toBeGreaterThan(0);
  },
);

test("what a route does on a dry run, or twice, is told once", async () => {
  const token = await tokenOf("admin");
  const ask = async (method: string, path: string) => {
    const requestId = crypto.randomUUID();
    await api.request(path, { method, headers: token }, { requestId });
    return (await entriesOf(requestId)).map(({ action }) => action);
  };

  expect(await ask("DELETE", `/api/v1/build/${world.failed}/?dry_run=true`)).toEqual([]);
  expect(await ask("PUT", `/api/v1/build/${world.hidden}/pin/`)).toEqual(["build.pin"]);
  expect(await ask("PUT", `/api/v1/build/${world.hidden}/pin/`)).toEqual([]);
  expect(await ask("DELETE", `/api/v1/build/${world.hidden}/pin/`)).toEqual(["build.unpin"]);
  expect(await ask("DELETE", `/api/v1/build/${world.hidden}/pin/`)).toEqual([]);
});

test("logging in and out is told of the user, and what a stolen cookie could be used for is not", async () => {
  const [inId, outId] = [crypto.randomUUID(), crypto.randomUUID()];
  const body = post({ username: "lena", password: DUMMY_PASSWORD });
  const response = await api.request("/login/", body, { requestId: inId });
  const cookie = response.headers.get("set-cookie")?.split(";")[0] ?? "";
  await api.request("/logout/", { method: "POST", headers: { cookie } }, { requestId: outId });
  await api.request("/logout/", { method: "POST", headers: { cookie } }, { requestId: outId });

  const told = [...(await entriesOf(inId)), ...(await entriesOf(outId))];

  expect(told.map(({ action, by }) => [action, by])).toEqual([
    ["login", { kind: "user", name: "lena" }],
    ["logout", { kind: "user", name: "lena" }],
  ]);
  expect(JSON.stringify(told)).not.toContain(cookie.split("=")[1]);
});
