/**
 * POST token, and the defects of the original that are not copied: a bad pattern, an unknown role and an end without a
 * zone were faults of the server, `exp` was ignored, nobody got the power of somebody, and any primary namespace was given.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { mintToken } from "#adapters/secrets/tokens.ts";
import { type Api, bearer, openApi, post } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
let api: Api;
beforeAll(() => {
  api = openApi(aws);
});

interface Permission {
  authenticated: boolean;
  primary_namespace: string;
  entity_roles: Record<string, string[]>;
  expiration: string | null;
}
async function ask(
  token: string | null,
  body?: unknown,
): Promise<{ status: number; text: string; token: string }> {
  const auth = token === null ? {} : bearer(token);
  const init = body === undefined ? { method: "POST", headers: auth } : post(body, auth);
  const response = await api.request("/api/v1/token/", init);
  const text = await response.text();
  return { status: response.status, text, token: JSON.parse(text).data?.token ?? "" };
}
async function permission(token: string | null): Promise<Permission> {
  const response = await api.request("/api/v1/permission/", { headers: token === null ? {} : bearer(token) });
  return ((await response.json()) as { data: Permission }).data;
}

describe("a token by default", () => {
  test("is the caller's: namespace, roles and end", async () => {
    const mine = await api.token({ "team/*": ["developer"] });
    const { status, token } = await ask(mine);
    expect(status).toBe(200);
    expect(await permission(token)).toEqual(await permission(mine));
  });

  test("an empty map of roles counts as none given", async () => {
    const mine = await api.token({ "team/*": ["viewer"] });
    expect(await permission((await ask(mine, { role_bindings: {} })).token)).toEqual(await permission(mine));
  });

  test("nobody gets a token with nobody's power, also by way of a second token", async () => {
    const nobody = await permission(null);
    const first = (await ask(null)).token;
    const second = (await ask(first)).token;
    for (const token of [first, second]) {
      const { authenticated, entity_roles, primary_namespace } = await permission(token);
      expect(authenticated).toBe(true);
      expect(entity_roles).toEqual(nobody.entity_roles);
      expect(primary_namespace).toBe(nobody.primary_namespace);
    }
  });
});

describe("what is asked for must be held", () => {
  test.each<[string, Record<string, string[]>, Record<string, string[]>, number]>([
    ["less of everything", { "*/*": ["admin"] }, { "*/*": ["viewer"] }, 200],
    ["more of everything", { "*/*": ["viewer"] }, { "*/*": ["admin"] }, 400],
    ["a role below on one environment", { "a/b": ["admin"] }, { "a/b": ["viewer"] }, 200],
    ["a part", { "d*/*": ["viewer"] }, { "d*/*": ["viewer"], "dc*/*": ["viewer"] }, 200],
    ["a part with more", { "d*/*": ["viewer"] }, { "d*/*": ["viewer"], "dc*/*": ["developer"] }, 400],
    [
      "two patterns together",
      { "d*/*": ["viewer"], "de*/*": ["admin"] },
      { "default/*": ["developer"] },
      200,
    ],
    [
      "one that the second does not hold",
      { "d*/*": ["viewer"], "de*/*": ["admin"] },
      { "dcefault/*": ["developer"] },
      400,
    ],
    ["`editor` is `developer`", { "a/*": ["editor"] }, { "a/*": ["editor"] }, 200],
    ["namespaces that do not exist", { "*/*": ["viewer"] }, { "nobody-has/*": ["viewer"] }, 200],
    ["a dot is a dot", { "a.c/*": ["viewer"] }, { "abc/*": ["viewer"] }, 400],
  ])("%s", async (_, held, wanted, status) => {
    const answer = await ask(await api.token(held), { role_bindings: wanted });
    expect(answer.status).toBe(status);
    if (status === 400)
      expect(answer.text).toContain("Requested role_bindings are not a subset of current permissions");
  });

  test.each<[string, unknown]>([
    ["a pattern without a slash", { team: ["viewer"] }],
    ["a pattern with two", { "a/b/c": ["viewer"] }],
    ["a role that does not exist", { "team/*": ["owner"] }],
  ])("%s is the caller's fault", async (_, role_bindings) => {
    const answer = await ask(await api.token({ "*/*": ["admin"] }), { role_bindings });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ code: "invalid_token_request" });
  });
});

describe("the end", () => {
  const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
  test.each<[string, (iso: string) => object]>([
    ["expiration with Z", (iso) => ({ expiration: iso })],
    [
      "exp, as conda-store's client sends it",
      (iso) => ({ exp: iso.replace("T", " ").replace("Z", "000+00:00") }),
    ],
    ["without a zone: UTC", (iso) => ({ expiration: iso.slice(0, -1) })],
    [
      "another zone",
      (iso) => ({ expiration: `${new Date(Date.parse(iso) + 7_200_000).toISOString().slice(0, -1)}+02:00` }),
    ],
    ["expiration wins over exp", (iso) => ({ expiration: iso, exp: inMinutes(20) })],
  ])("may be sooner: %s", async (_, body) => {
    const iso = inMinutes(10);
    const { status, token } = await ask(await api.token({ "a/*": ["viewer"] }), body(iso));
    expect(status).toBe(200);
    expect((await permission(token)).expiration).toBe(`${iso.slice(0, 19)}Z`);
  });

  test("may not be later, nor passed, nor no time", async () => {
    const mine = await api.token({ "a/*": ["viewer"] });
    const later = await ask(mine, { expiration: inMinutes(120) });
    expect([later.status, later.text]).toEqual([
      400,
      expect.stringContaining("Requested expiration of token is greater than current permissions"),
    ]);
    for (const exp of [inMinutes(-1), "tomorrow", "", "2026-13-40"])
      expect((await ask(mine, { exp })).status).toBe(400);
  });
});

describe("the primary namespace", () => {
  test("is one's own, but for who may do everything", async () => {
    const mine = await api.token({ "a/*": ["admin"] });
    expect((await ask(mine, { primary_namespace: "alice" })).status).toBe(200);
    expect((await ask(mine, { primary_namespace: "bob" })).status).toBe(400);
    expect((await ask(null, { primary_namespace: "bob" })).status).toBe(400);
    const admin = await api.token({ "*/*": ["admin"] });
    const { token } = await ask(admin, {
      primary_namespace: "bob",
      role_bindings: { "bob/*": ["developer"] },
    });
    expect(await permission(token)).toMatchObject({ primary_namespace: "bob" });
    expect((await ask(admin, { primary_namespace: "a/b" })).status).toBe(400);
  });

  test("is empty for a service, which hands on what it has", async () => {
    const service = await mintToken(api.services.secret, {
      primaryNamespace: "",
      roleBindings: { "*/*": ["viewer"] },
      expiresAt: new Date(Date.now() + 3_600_000),
    });
    const role_bindings = { "alice/*": ["viewer"], "default/*": ["viewer"], "*/*": ["viewer"] };
    const { status, token } = await ask(service, { role_bindings });
    expect(status).toBe(200);
    expect(await permission(token)).toMatchObject({ primary_namespace: "", entity_roles: role_bindings });
  });
});
