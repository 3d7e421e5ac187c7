/**
 * Tokens that are none of ours, as a caller sends them: each makes nobody of the caller, and never an error.
 */
import { SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { createNamespace } from "#adapters/dynamodb/namespaces.ts";
import { type Api, bearer, openApi, post } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { submitted } from "#test/kit/submissions.ts";
import { ask, inAnHour, signed, status } from "./defects/asking.ts";

const aws = useMiniStack();
let api: Api;
let admin: string;
beforeAll(async () => {
  api = openApi(aws);
  admin = await api.token({ "*/*": ["admin"] }, "root");
  await submitted(api.services.db, { namespace: "team", environment: "demo" });
});

const CLAIMS = { primary_namespace: "mallory", role_bindings: { "*/*": ["admin"] } };
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const ours = (claims: object = {}): Promise<string> =>
  signed(api, { ...CLAIMS, aud: "conda-store", exp: inAnHour(), ...claims });
const seconds = (): number => Math.floor(Date.now() / 1000);

describe("a token is nobody's", () => {
  test.each<[string, () => Promise<string> | string]>([
    ["without an algorithm", () => `${encode({ alg: "none" })}.${encode({ ...CLAIMS, exp: inAnHour() })}.`],
    [
      "without an algorithm, in other letters",
      () => `${encode({ alg: "nOnE" })}.${encode({ ...CLAIMS, exp: inAnHour() })}.`,
    ],
    [
      "signed with another key",
      () =>
        new SignJWT({ ...CLAIMS, exp: inAnHour() })
          .setProtectedHeader({ alg: "HS256", kid: "1" })
          .sign(new TextEncoder().encode("k".repeat(64))),
    ],
    [
      "signed with the empty key",
      () => `${encode({ alg: "HS256", kid: "1" })}.${encode({ ...CLAIMS, exp: inAnHour() })}.`,
    ],
    ["that has ended", () => ours({ exp: seconds() - 1 })],
    ["that is not good yet", () => ours({ nbf: inAnHour() })],
    ["whose end is no time", () => ours({ exp: "tomorrow" })],
    ["cut off", async () => (await ours()).slice(0, -5)],
    ["of which the signature is missing", async () => (await ours()).replace(/[^.]+$/, "")],
    ["with something behind it", async () => `${await ours()}.x`],
    ["of another issuer", () => ours({ iss: "https://login.example" })],
    ["for another audience", () => ours({ aud: "registry" })],
    ["for several audiences", () => ours({ aud: ["conda-store", "registry"] })],
    ["of nobody's kind that says so in another word", () => ours({ defaults: "root" })],
    ["with an id that was never given", () => ours({ jti: `${"0".repeat(9)}-${"0".repeat(32)}` })],
    ["with an id that would be another's record", () => ours({ jti: "../x" })],
    [
      "with an endless line of tokens before it",
      () => ours({ made_from: Array(5).fill(`a/${"0".repeat(9)}-${"0".repeat(32)}`) }),
    ],
    [
      "whose critical header nobody knows",
      () =>
        new SignJWT({ ...CLAIMS, exp: inAnHour() })
          .setProtectedHeader({ alg: "HS256", crit: ["x"], x: 1 })
          .sign(new TextEncoder().encode((JSON.parse(api.secretText) as { key: string }).key), {
            crit: { x: true },
          }),
    ],
  ])("%s", async (_, make) => {
    const token = await make();
    for (const headers of [bearer(token), { cookie: `conda-store-auth=${token}` }]) {
      const answer = await ask(api, null, "permission/", { headers });
      expect(answer).toMatchObject({ http: 200, data: { authenticated: false } });
      expect(await status(api, null, "environment/team/demo/", { headers })).toBe(403);
    }
  });

  test("while the same without the fault is good", async () => {
    expect((await ask(api, await ours(), "permission/")).data).toMatchObject({ authenticated: true });
  });
});

describe("a pattern", () => {
  test.each([
    ["with two slashes", "team/demo/x"],
    ["with no slash", "team"],
    ["that is empty", ""],
    ["with an empty half", "team/"],
    ["of a look-alike of the slash", "team\u2215*"],
    ["of a look-alike of the asterisk", "team/\uff0a"],
    ["of Cyrillic letters", "t\u0435am/*"],
    ["with a letter that folds to another", "tea\u212a/*"],
    ["with a line end", "team/*\n"],
    ["with a null character", "team\u0000/*"],
    ["of a regular expression", "(team|x)/.*"],
    ["with a class of letters", "te[a-z]m/*"],
    ["with an escape", "te\\wm/*"],
    ["that is percent-encoded", "te%61m/*"],
  ])("%s is none: neither in a token, nor asked for, nor given", async (_, pattern) => {
    const role_bindings = { [pattern]: ["admin"] };
    expect((await ask(api, await ours({ role_bindings }), "permission/")).data).toMatchObject({
      authenticated: false,
    });
    expect(await ask(api, admin, "token/", post({ role_bindings }))).toMatchObject({
      http: 400,
      code: "invalid_token_request",
    });
    expect(
      await ask(api, admin, "namespace/team/", {
        ...post({ role_mappings: role_bindings }),
        method: "PUT",
      }),
    ).toMatchObject({ http: 400, code: "invalid_request" });
  });

  test.each(["te.m/*", "t?am/*", "te+am/*", "^team$/*", "t_am/*"])(
    "%s means its characters",
    async (pattern) => {
      const token = await api.token({ [pattern]: ["admin"] });
      expect(await status(api, token, "environment/team/demo/")).toBe(403);
      expect((await ask(api, token, "environment/?namespace=team")).count).toBe(0);
    },
  );
});

describe("header and cookie", () => {
  const withBoth = async (header: string, cookie: string) =>
    (
      await ask(api, null, "permission/", {
        headers: { authorization: header, cookie: `conda-store-auth=${cookie}` },
      })
    ).data as { authenticated: boolean; primary_namespace: string };

  test("that disagree: the header decides", async () => {
    const [alice, bob] = [await api.token({}, "alice"), await api.token({}, "bob")];
    expect(await withBoth(`Bearer ${alice}`, bob)).toMatchObject({ primary_namespace: "alice" });
    const basic = Buffer.from(`x:${alice}`).toString("base64");
    expect(await withBoth(`Basic ${basic}`, bob)).toMatchObject({ primary_namespace: "alice" });
  });

  test("of which the header is no good: the cookie decides, and is held to what cookies are held to", async () => {
    const bob = await api.token({ "made/*": ["admin"] }, "bob");
    expect(await withBoth(`Bearer ${bob.slice(1)}`, bob)).toMatchObject({ primary_namespace: "bob" });
    const headers = {
      authorization: "Bearer x",
      cookie: `conda-store-auth=${bob}`,
      origin: "https://evil.example",
    };
    expect(await ask(api, null, "namespace/made/", { method: "POST", headers })).toMatchObject({
      http: 403,
      code: "origin_refused",
    });
  });
});

describe("a token of a namespace that was deleted", () => {
  test("keeps what it says itself, and nothing that was given to the namespace", async () => {
    const { db } = api.services;
    for (const name of ["gone", "giver"]) await createNamespace(db, name, new Date());
    await submitted(db, { namespace: "giver", environment: "demo" });
    const member = await api.token({ "gone/*": ["developer"] }, "gone");
    await ask(api, admin, "namespace/giver/role", post({ other_namespace: "gone", role: "viewer" }));
    await ask(api, admin, "namespace/gone/", {
      ...post({ role_mappings: { "team/*": ["admin"] } }),
      method: "PUT",
    });
    expect(await status(api, member, "environment/giver/demo/")).toBe(200);
    expect(await status(api, member, "environment/team/demo/")).toBe(200);

    expect(await status(api, admin, "namespace/gone/", { method: "DELETE" })).toBe(200);
    const given = async () => [
      await status(api, member, "environment/giver/demo/"),
      await status(api, member, "environment/team/demo/"),
    ];
    expect(await given()).toEqual([403, 403]);
    expect(await status(api, member, "namespace/gone/")).toBe(404);
    expect(await status(api, member, "namespace/gone/", { method: "POST" })).toBe(403);
    expect((await ask(api, member, "token/", { method: "POST" })).http).toBe(200);
  });
});
