/**
 * Why somebody may do something: every source of bindings is named, for oneself and for another.
 */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createNamespace } from "#adapters/dynamodb/namespaces.ts";
import { type Api, DUMMY_PASSWORD, openApi, post, put } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { ask } from "./defects/asking.ts";

const aws = useMiniStack();
let api: Api;
let admin: string;
/** Fresh for each test. */
let person: string;
let team: string;
let n = 0;
beforeAll(async () => {
  api = openApi(aws);
  admin = await api.token({ "*/*": ["admin"] }, "root");
});
beforeEach(async () => {
  n += 1;
  [person, team] = [`person-${n}`, `team-${n}`];
  for (const name of [person, team]) await createNamespace(api.services.db, name, new Date());
});

interface Explanation {
  primary_namespace: string;
  allowed: boolean;
  because: { source: { kind: string; name: string | null }; pattern: string; roles: string[] }[];
  roles_with_it: string[];
}
const why = async (token: string | null, permission: string, query: string): Promise<Explanation> =>
  (await ask(api, token, `permission/explanation/?permission=${permission}&${query}`)).data;
const make = async (from: string, body: object): Promise<{ token: string; id: string }> =>
  (await ask(api, from, "token/", post(body))).data;
const give = (role: string) =>
  ask(api, admin, `namespace/${team}/role`, post({ other_namespace: person, role }));

describe("for oneself", () => {
  test("each binding that would do is named with its source and with the roles that carry the permission", async () => {
    await give("editor");
    await ask(api, admin, `namespace/${person}/`, put({ role_mappings: { [`${team}/de*`]: ["admin"] } }));
    const mine = await api.token({ [`${team}/*`]: ["viewer", "admin"] }, person);
    const { id, token } = await make(mine, { role_bindings: { [`${team}/demo`]: ["developer"] } });
    const place = `namespace=${team}&environment=demo`;
    expect(await why(token, "environment::update", place)).toEqual({
      primary_namespace: person,
      allowed: true,
      because: expect.arrayContaining([
        { source: { kind: "token", name: id }, pattern: `${team}/demo`, roles: ["developer"] },
        { source: { kind: "role_mapping", name: team }, pattern: `${team}/*`, roles: ["developer"] },
        { source: { kind: "role_mapping", name: person }, pattern: `${team}/de*`, roles: ["admin"] },
      ]),
      roles_with_it: ["developer", "admin"],
    });
    expect((await why(mine, "environment::delete", place)).because).toContainEqual({
      source: { kind: "token", name: null },
      pattern: `${team}/*`,
      roles: ["admin"],
    });
  });

  test("what everybody may is said to be so, and for nobody what nobody may", async () => {
    const place = "namespace=default&environment=x";
    const mine = await api.token({}, person);
    for (const [token, of] of [
      [mine, "authenticated"],
      [null, "anonymous"],
    ] as const) {
      expect((await why(token, "environment::read", place)).because).toEqual([
        { source: { kind: "default", name: of }, pattern: "default/*", roles: ["viewer"] },
      ]);
    }
  });

  test("nothing decides where nothing allows: for a namespace that is not covered whole, and for the store", async () => {
    const mine = await api.token({ [`${team}/demo`]: ["admin"] }, person);
    expect(await why(mine, "environment::delete", `namespace=${team}&environment=demo`)).toMatchObject({
      allowed: true,
    });
    for (const query of [`namespace=${team}`, ""]) {
      expect(await why(mine, "namespace::delete", query)).toMatchObject({ allowed: false, because: [] });
    }
  });
});

describe("for another", () => {
  test("an admin sees what their logins, tokens and namespaces give, as long as these are in force", async () => {
    await give("viewer");
    const login = await api.request("/login/", post({ username: person, password: DUMMY_PASSWORD }));
    const session = /conda-store-auth=([^;]+)/.exec(login.headers.get("set-cookie") ?? "")?.[1] ?? "";
    const { id } = await make(session, { role_bindings: { [`${team}/demo`]: ["developer"] } });
    const query = `namespace=${team}&environment=demo&primary_namespace=${person}`;
    const sources = async (permission: string) =>
      (await why(admin, permission, query)).because.map(({ source, pattern }) => [
        source.kind,
        source.name === id ? "the token" : null,
        pattern,
      ]);
    expect(await sources("environment::update")).toEqual([
      ["token", "the token", `${team}/demo`],
      ["token", null, "*/*"],
    ]);
    await ask(api, admin, `token/${id}?primary_namespace=${person}`, { method: "DELETE" });
    await api.request("/logout/", { method: "POST", headers: { cookie: `conda-store-auth=${session}` } });
    expect(await sources("environment::update")).toEqual([]);
    expect(await sources("environment::read")).toEqual([["role_mapping", null, `${team}/*`]]);
  });

  test("nobody else is told, whether there is such a person or not", async () => {
    const mine = await api.token({ [`${team}/*`]: ["admin"] }, person);
    const read = "permission/explanation/?permission=environment::read";
    for (const who of [team, "no-such-person", person]) {
      expect(await ask(api, mine, `${read}&primary_namespace=${who}`)).toMatchObject({
        http: 403,
        message: "request not authorized",
      });
    }
  });
});
