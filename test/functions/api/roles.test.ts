/**
 * Metadata and role mappings of namespaces, and the defects of the original that are not copied: an admin of one namespace
 * made himself an admin of everything, a mapping took away what a token gave, a mapping twice and one that is not there
 * were faults of the server.
 */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createNamespace } from "#adapters/dynamodb/namespaces.ts";
import { mintToken } from "#adapters/secrets/tokens.ts";
import type { BindingMap } from "#core/access/binding.ts";
import { type Api, bearer, openApi, post, put } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { submitted } from "#test/kit/submissions.ts";

const aws = useMiniStack();
let api: Api;
/** Fresh names for each test. */
let team: string;
let guests: string;
let admin: string;
let n = 0;
beforeAll(async () => {
  api = openApi(aws);
  admin = await api.token({ "*/*": ["admin"] });
});
beforeEach(async () => {
  n += 1;
  [team, guests] = [`team-${n}`, `guests-${n}`];
  await submitted(api.services.db, { namespace: team, environment: "demo" });
  await createNamespace(api.services.db, guests, new Date());
});

interface Answer {
  status: number;
  code?: string;
  message: string | null;
  count: number;
  data: never;
}
async function ask(token: string | null, path: string, init: RequestInit = {}): Promise<Answer> {
  const headers = { ...(init.headers as Record<string, string>), ...(token === null ? {} : bearer(token)) };
  const response = await api.request(`/api/v1/${path}`, { ...init, headers });
  return { ...JSON.parse(await response.text()), status: response.status };
}
const member = (namespace: string, bindings: BindingMap = {}): Promise<string> =>
  api.token(bindings, namespace);
const give = (role: string, token = admin) =>
  ask(token, `namespace/${team}/role`, post({ other_namespace: guests, role }));
const rolesOf = async (token: string): Promise<Record<string, string[]>> =>
  ((await ask(token, "permission/")).data as { entity_roles: Record<string, string[]> }).entity_roles;

describe("a role that is given", () => {
  test("holds at once for the members of the namespace, for each request and in lists, and no longer than given", async () => {
    const guest = await member(guests);
    const path = `environment/${team}/demo/`;
    expect((await ask(guest, path)).status).toBe(403);
    expect((await give("editor")).status).toBe(200);

    expect((await ask(guest, path)).status).toBe(200);
    expect(await rolesOf(guest)).toMatchObject({ [`${team}/*`]: ["developer"] });
    expect((await ask(guest, `environment/?namespace=${team}`)).count).toBe(1);
    expect((await ask(guest, `build/?namespace=${team}`)).count).toBe(1);
    expect((await ask(guest, path, put({ description: "ours" }))).status).toBe(200);
    const specification = "name: theirs\ndependencies: [python]\n";
    expect((await ask(guest, "specification/", post({ namespace: team, specification }))).status).toBe(200);

    await ask(admin, `namespace/${team}/role`, put({ other_namespace: guests, role: "viewer" }));
    expect((await ask(guest, path)).status).toBe(200);
    expect((await ask(guest, path, put({ description: "mine" }))).status).toBe(403);

    await ask(admin, `namespace/${team}/role`, { ...post({ other_namespace: guests }), method: "DELETE" });
    expect((await ask(guest, path)).status).toBe(403);
    expect((await ask(guest, `environment/?namespace=${team}`)).count).toBe(0);
  });

  test("is told, with `editor` as `developer`, and ids of its own", async () => {
    await give("editor");
    const given = { id: expect.any(Number), namespace: team, other_namespace: guests, role: "developer" };
    expect((await ask(admin, `namespace/${team}/roles`)).data).toEqual([given]);
    expect((await ask(admin, `namespace/${team}/role?other_namespace=${guests}`)).data).toEqual(given);
    await ask(admin, `namespace/${team}/roles`, { method: "DELETE" });
    expect((await ask(admin, `namespace/${team}/roles`)).data).toEqual([]);
    expect((await ask(await member(guests), `environment/${team}/demo/`)).status).toBe(403);
    expect(await ask(admin, `namespace/${team}/role?other_namespace=${guests}`)).toMatchObject({
      status: 404,
      message: "failed to find role",
    });
  });

  test("twice is a conflict, and one that is not there is missing: neither is a fault of the server", async () => {
    const change = put({ other_namespace: guests, role: "viewer" });
    expect(await ask(admin, `namespace/${team}/role`, change)).toMatchObject({
      status: 404,
      code: "role_not_found",
    });
    const answers = await Promise.all([give("viewer"), give("admin"), give("viewer")]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
  });

  test("adds to what a token gives and takes nothing away", async () => {
    await give("viewer");
    const guest = await member(guests, { [`${team}/*`]: ["admin"] });
    expect(await rolesOf(guest)).toMatchObject({ [`${team}/*`]: ["admin", "viewer"] });
    expect((await ask(guest, `environment/${team}/demo/`, put({ description: "" }))).status).toBe(200);
  });

  test("is not for nobody, nor for a token that nobody asked for, whatever namespace those have", async () => {
    await createNamespace(api.services.db, "default", new Date()).catch(() => {});
    await ask(admin, `namespace/${team}/role`, post({ other_namespace: "default", role: "admin" }));
    const nobodys = ((await ask(null, "token/", { method: "POST" })).data as { token: string }).token;
    for (const token of [null, nobodys])
      expect((await ask(token, `environment/${team}/demo/`)).status).toBe(403);
  });

  test("is not written into a token that is made from it, unless asked for", async () => {
    await give("developer");
    const guest = await member(guests);
    const { token } = (await ask(guest, "token/", { method: "POST" })).data as { token: string };
    const asked = await ask(guest, "token/", post({ role_bindings: { [`${team}/demo`]: ["viewer"] } }));
    expect(asked.status).toBe(200);
    await ask(admin, `namespace/${team}/roles`, { method: "DELETE" });
    expect((await ask(token, `environment/${team}/demo/`)).status).toBe(403);
  });
});

describe("roles on any pattern, for the members of a namespace", () => {
  const map = (token: string, role_mappings: BindingMap) =>
    ask(token, `namespace/${guests}/`, put({ role_mappings }));

  test("hold, are told, and are replaced all at once", async () => {
    const guest = await member(guests);
    expect((await map(admin, { [`${team}/de*`]: ["editor"], "x*/y": ["viewer", "viewer"] })).status).toBe(
      200,
    );
    expect((await ask(guest, `environment/${team}/demo/`)).status).toBe(200);
    expect((await ask(guest, `namespace/${team}/`)).status).toBe(403);
    const { role_mappings } = (await ask(admin, `namespace/${guests}/`)).data as { role_mappings: unknown[] };
    expect(role_mappings).toEqual([
      { id: expect.any(Number), entity: `${team}/de*`, role: "developer" },
      { id: expect.any(Number), entity: "x*/y", role: "viewer" },
    ]);
    await map(admin, {});
    expect((await ask(guest, `environment/${team}/demo/`)).status).toBe(403);
  });

  test("an admin of one namespace cannot make himself an admin of everything", async () => {
    const owner = await member(guests, { [`${guests}/*`]: ["admin"] });
    for (const pattern of ["*/*", `${team}/*`, "*/only"]) {
      expect(await map(owner, { [pattern]: ["viewer"] })).toMatchObject({
        status: 403,
        code: "permission_denied",
      });
    }
    expect((await map(owner, { [`${guests}/*`]: ["admin"] })).status).toBe(200);
    expect(Object.keys(await rolesOf(owner))).not.toContain("*/*");
  });

  test("nobody gives a role above his own", async () => {
    const developer = await member("others", { [`${guests}/*`]: ["developer"] });
    expect((await map(developer, {})).status).toBe(403);
    expect((await give("admin", await member("others", { [`${team}/*`]: ["developer"] }))).status).toBe(403);
  });

  test("a malformed one changes nothing", async () => {
    await map(admin, { "a/*": ["viewer"] });
    for (const [bad, message] of [
      [{ a: ["viewer"] }, "invalid entity=a"],
      [{ "a/*": ["owner"] }, "invalid entity=owner"],
    ] as const) {
      const answer = await ask(
        admin,
        `namespace/${guests}/`,
        put({ metadata: { x: 1 }, role_mappings: bad }),
      );
      expect(answer).toMatchObject({ status: 400, message });
    }
    expect((await ask(admin, `namespace/${guests}/`)).data).toMatchObject({
      metadata_: {},
      role_mappings: [{ entity: "a/*" }],
    });
  });
});

describe("metadata", () => {
  test("is replaced by either route, and what is not sent stays", async () => {
    const path = `namespace/${team}/`;
    const metadata = async () => ((await ask(admin, path)).data as { metadata_: unknown }).metadata_;
    expect(await metadata()).toEqual({});
    await ask(admin, path, put({ metadata: { owner: "us", since: 2026 } }));
    expect(await metadata()).toEqual({ owner: "us", since: 2026 });
    await ask(admin, path, put({ role_mappings: {} }));
    await ask(admin, path, { method: "PUT" });
    expect(await metadata()).toEqual({ owner: "us", since: 2026 });
    await ask(admin, `namespace/${team}/metadata`, put({ metadata: { a: [1, null] } }));
    expect(await metadata()).toEqual({ metadata: { a: [1, null] } });
  });
});

test("a service's token, whose namespace is empty, is a member of nothing", async () => {
  const service = await mintToken(api.services.secret, {
    primaryNamespace: "",
    roleBindings: { [`${team}/*`]: ["viewer"] },
    expiresAt: new Date(Date.now() + 3_600_000),
  });
  api.calls.length = 0;
  expect((await ask(service, "permission/")).status).toBe(200);
  expect(api.calls).toEqual([]);
});
