/**
 * Tokens are listed, named, revoked; a login ends with its logout; and other functions that are warm learn of it.
 */
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { KNOWN_MS } from "#adapters/dynamodb/token-in-force.ts";
import { mintToken } from "#adapters/secrets/tokens.ts";
import { LINEAGE_MAX } from "#core/token/claims.ts";
import { newTokenId } from "#core/token/token-name.ts";
import { type Api, bearer, DUMMY_PASSWORD, openApi, post } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { ask } from "./defects/asking.ts";

const aws = useMiniStack();
let api: Api;
/** Another function that is warm: the same table and secret, its own memory. */
let other: Api;
let owner: string;
let n = 0;
beforeAll(() => {
  api = openApi(aws);
  other = openApi(aws, { secret: api.services.secret });
});
beforeEach(() => {
  n += 1;
  owner = `owner-${n}`;
});

interface Issued {
  token: string;
  id: string;
}
interface Row {
  id: string;
  name: string | null;
  kind: string;
  last_used_on: string | null;
  revoked_on: string | null;
  role_bindings: Record<string, string[]>;
}
const make = async (from: string, body: object = {}): Promise<Issued> =>
  (await ask(api, from, "token/", post(body))).data;
const list = async (from: string, query = ""): Promise<Row[]> =>
  (await ask(api, from, `token/${query}`)).data;
const revoke = (from: string, id: string, query = "") =>
  ask(api, from, `token/${id}${query}`, { method: "DELETE" });
const isGood = async (token: string, at = api): Promise<boolean> =>
  ((await ask(at, token, "permission/")).data as { authenticated: boolean }).authenticated;

async function login(username: string): Promise<string> {
  const response = await api.request("/login/", post({ username, password: DUMMY_PASSWORD }));
  return /conda-store-auth=([^;]+)/.exec(response.headers.get("set-cookie") ?? "")?.[1] ?? "";
}

describe("a token", () => {
  test("is listed with its name, its roles and its last use, the newest first, and never with itself", async () => {
    const mine = await api.token({ "team/*": ["developer"] }, owner);
    const first = await make(mine, { name: "notebook", role_bindings: { "team/*": ["viewer"] } });
    const second = await make(mine);
    await isGood(first.token);
    const rows = await list(mine);
    expect(rows.map(({ id, name }) => [id, name])).toEqual([
      [second.id, null],
      [first.id, "notebook"],
    ]);
    expect(rows[1]).toMatchObject({
      kind: "token",
      role_bindings: { "team/*": ["viewer"] },
      revoked_on: null,
      last_used_on: expect.stringMatching(/^\d{4}-/),
    });
    expect(rows[0]?.last_used_on).toBeNull();
    expect(JSON.stringify(rows)).not.toContain(first.token.split(".")[2]);
  });

  test("is good until it is revoked, and its record stays to say so", async () => {
    const mine = await api.token({ "team/*": ["viewer"] }, owner);
    const { token, id } = await make(mine);
    expect(await isGood(token)).toBe(true);
    expect((await revoke(mine, id)).http).toBe(200);
    expect(await isGood(token)).toBe(false);
    expect(await list(mine)).toMatchObject([{ id, revoked_on: expect.any(String) }]);
    expect((await revoke(mine, id)).http).toBe(200);
  });

  test("ends in other warm functions too, within seconds, also where it says what another may see", async () => {
    const mine = await api.token({ "team/*": ["viewer"] }, owner);
    const { token, id } = await make(mine);
    const filtered = async () => (await ask(other, mine, `environment/?jwt=${token}`)).http;
    expect([await isGood(token, other), await filtered()]).toEqual([true, 200]);
    await revoke(mine, id);
    await vi.waitFor(
      async () => expect([await isGood(token, other), await filtered()]).toEqual([false, 400]),
      {
        timeout: KNOWN_MS + 20_000,
        interval: 200,
      },
    );
  });

  test("takes with it what was made from it, and what was made from that", async () => {
    const login = await api.token({ "team/*": ["viewer"] }, owner);
    const parent = await make(login);
    const child = await make(parent.token);
    const grandchild = await make(child.token);
    const sister = await make(login);
    await revoke(login, parent.id);
    const good = await Promise.all([child, grandchild, sister].map(({ token }) => isGood(token, other)));
    expect(good).toEqual([false, false, true]);
  });

  test("is made from tokens that were made from tokens a bounded number of times", async () => {
    let { token } = await make(await api.token({ "team/*": ["viewer"] }, owner));
    for (let made = 0; made < LINEAGE_MAX; made++) ({ token } = await make(token));
    expect(await isGood(token)).toBe(true);
    expect(await ask(api, token, "token/", { method: "POST" })).toMatchObject({
      http: 400,
      code: "invalid_token_request",
    });
  });

  test("may end itself, and neither shows nor ends one that may do more", async () => {
    const mine = await api.token({ "team/*": ["admin"] }, owner);
    const strong = await make(mine, { role_bindings: { "team/*": ["admin"] } });
    const weak = await make(mine, { role_bindings: { "team/demo": ["viewer"] } });
    expect((await list(weak.token)).map(({ id }) => id)).toEqual([weak.id]);
    expect(await revoke(weak.token, strong.id)).toMatchObject({ http: 404, code: "token_not_found" });
    expect(await isGood(strong.token)).toBe(true);
    expect((await revoke(weak.token, weak.id)).http).toBe(200);
    expect(await isGood(weak.token)).toBe(false);
  });

  test("of another is for who may do everything; for anybody else it is as if there were none", async () => {
    const theirs = await make(await api.token({ "team/*": ["viewer"] }, owner));
    const stranger = await api.token({ "team/*": ["admin"] }, `${owner}-x`);
    const of = `?primary_namespace=${owner}`;
    for (const query of [of, "?primary_namespace=nobody-at-all"]) {
      expect(await ask(api, stranger, `token/${query}`)).toMatchObject({ http: 403 });
      expect(await revoke(stranger, theirs.id, query)).toMatchObject({ http: 403 });
    }
    expect(await revoke(stranger, theirs.id)).toMatchObject({ http: 404 });
    const admin = await api.token({ "*/*": ["admin"] }, `${owner}-y`);
    expect(await list(admin, of)).toHaveLength(1);
    expect((await revoke(admin, theirs.id, of)).http).toBe(200);
    expect(await isGood(theirs.token)).toBe(false);
  });

  test("without a record is refused, however well it is signed", async () => {
    const unknown = await mintToken(api.services.secret, {
      primaryNamespace: owner,
      roleBindings: { "*/*": ["admin"] },
      expiresAt: new Date(Date.now() + 60_000),
      id: newTokenId(new Date()),
    });
    expect(await isGood(unknown)).toBe(false);
  });

  test("pages through a list by cursor, each row once", async () => {
    const mine = await api.token({}, owner);
    const made = [];
    for (let each = 0; each < 5; each++) made.unshift((await make(mine)).id);
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const answer = await ask(api, mine, `token/?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...(answer.data as Row[]).map(({ id }) => id));
      cursor = answer.cursor;
    }
    expect(seen).toEqual(made);
  });
});

describe("a login", () => {
  test("ends with its logout, for every copy of the cookie, and leaves the tokens that were made from it", async () => {
    const session = await login(owner);
    const { token } = await make(session);
    expect(await list(session)).toMatchObject([{ kind: "token" }, { kind: "login" }]);
    await api.request("/logout/", { method: "POST", headers: { cookie: `conda-store-auth=${session}` } });
    expect(await isGood(session)).toBe(false);
    expect(await isGood(session, other)).toBe(false);
    expect(await isGood(token)).toBe(true);
  });

  test("that is revoked takes the tokens with it", async () => {
    const session = await login(owner);
    const { token } = await make(session);
    const [, first] = await list(session);
    await revoke(session, first?.id ?? "");
    expect([await isGood(session), await isGood(token, other)]).toEqual([false, false]);
  });
});

test("a token that is used often is looked up every few seconds, and its use is written once", async () => {
  const { token } = await make(await api.token({}, owner));
  api.calls.length = 0;
  for (let each = 0; each < 20; each++) {
    await api.request("/api/v1/", { headers: bearer(token) });
  }
  const commands = api.calls.map(({ command }) => command);
  const lookedUp = commands.filter((command) => command === "BatchGetItemCommand").length;
  expect(lookedUp).toBeGreaterThanOrEqual(1);
  expect(lookedUp).toBeLessThan(20);
  expect(commands.filter((command) => command === "UpdateItemCommand")).toHaveLength(1);
});
