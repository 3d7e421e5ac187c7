/**
 * Tokens of services that the deployment names: any text, never ending if so wished, with no namespace of their own.
 */
import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { readServices } from "#core/token/services.ts";
import { type Api, openApi, post } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { runProgram } from "#test/kit/run-program.ts";
import { ask } from "./defects/asking.ts";

const aws = useMiniStack();
let api: Api;
let admin: string;
/** As a deployment of conda-store has it: base64, with characters that no JWT has. */
const existing = `${randomBytes(40).toString("base64")}+/=`;
const command = (args: readonly string[], env: Record<string, string> = {}) =>
  runProgram(process.execPath, ["scripts/token.ts", ...args], { PATH: process.env["PATH"] ?? "", ...env });

async function entryOf(name: string, ...args: string[]): Promise<{ token: string; entry: object }> {
  const kept = args.includes("--existing");
  const { code, stdout, stderr } = await command(["--service", name, ...args], {
    ...(kept ? { CONDA_STORE_TOKEN: existing } : {}),
  });
  expect(code, stderr).toBe(0);
  const lines = stdout.trim().split("\n");
  return { token: kept ? existing : (lines[0] ?? ""), entry: JSON.parse(lines.at(-1) ?? "") as object };
}

let hub: string;
let ended: string;
beforeAll(async () => {
  const made = await entryOf("hub", "*/*=viewer");
  const kept = await entryOf("gateway", "--existing", "team/*=admin");
  const old = await entryOf("old", "*/*=admin");
  [hub, ended] = [made.token, old.token];
  const services = readServices([
    made.entry,
    { ...kept.entry, primaryNamespace: "gateway" },
    { ...old.entry, expires: "2026-01-01T00:00:00Z" },
  ]);
  if (!services) throw new Error("the command's entries are none");
  api = openApi(aws, { services });
  admin = await api.token({ "*/*": ["admin"] }, "root");
});

describe("a service", () => {
  test("asks with its token, which does not end and has no namespace, and is explained by the deployment", async () => {
    expect((await ask(api, hub, "permission/")).data).toMatchObject({
      authenticated: true,
      primary_namespace: "",
      expiration: null,
      entity_roles: { "*/*": ["viewer"] },
    });
    const why = await ask(
      api,
      hub,
      "permission/explanation/?permission=environment::read&namespace=team&environment=demo",
    );
    expect(why.data).toMatchObject({
      allowed: true,
      because: [{ source: { kind: "configuration", name: "hub" }, pattern: "*/*", roles: ["viewer"] }],
    });
  });

  test("keeps the token that it has, whatever it looks like, by Bearer, Basic and cookie", async () => {
    const basic = Buffer.from(`any:${existing}`).toString("base64");
    for (const headers of [
      { authorization: `Bearer ${existing}` },
      { authorization: `Basic ${basic}` },
      { cookie: `conda-store-auth=${encodeURIComponent(existing)}` },
    ]) {
      expect((await ask(api, null, "permission/", { headers })).data).toMatchObject({
        authenticated: true,
        primary_namespace: "gateway",
      });
    }
  });

  test("is nobody when its time has come, and so is who has its digest only", async () => {
    const [digest = ""] = api.services.services.keys();
    for (const token of [ended, digest, `${hub}x`, hub.slice(1)]) {
      expect((await ask(api, token, "permission/")).data).toMatchObject({ authenticated: false });
    }
  });

  test("makes narrower tokens that end, and never stronger ones", async () => {
    const role_bindings = { "alice/*": ["viewer"], "default/*": ["viewer"] };
    const made = await ask(api, hub, "token/", post({ role_bindings }));
    expect(made.http).toBe(200);
    const { token } = made.data as { token: string };
    const { expiration } = (await ask(api, token, "permission/")).data as { expiration: string };
    expect(Date.parse(expiration)).toBeLessThanOrEqual(Date.now() + 86_400_000);
    expect((await ask(api, hub, "token/", post({ role_bindings: { "a/*": ["developer"] } }))).http).toBe(400);
    const inYears = new Date(Date.now() + 3 * 365 * 86_400_000).toISOString();
    expect((await ask(api, hub, "token/", post({ expiration: inYears }))).http).toBe(400);
  });

  test("is listed for an admin with its last use, and never with its token", async () => {
    await ask(api, hub, "permission/");
    const listed = await ask(api, admin, "token/?primary_namespace=");
    expect(listed.data).toContainEqual(
      expect.objectContaining({
        id: "service:hub",
        kind: "service",
        expires_on: null,
        last_used_on: expect.stringMatching(/^\d{4}-/),
      }),
    );
    const [digest = ""] = api.services.services.keys();
    expect(JSON.stringify(listed.data)).not.toContain(digest);
    expect((await ask(api, hub, "token/?primary_namespace=")).http).toBe(403);
  });
});

test.each([
  ["no list", {}],
  ["a token instead of its digest", [{ name: "hub", sha256: "secret", roleBindings: {} }]],
  ["a pattern that is none", [{ name: "hub", sha256: "0".repeat(64), roleBindings: { team: ["viewer"] } }]],
  ["a role that is none", [{ name: "hub", sha256: "0".repeat(64), roleBindings: { "a/*": ["king"] } }]],
  ["a field too many", [{ name: "hub", sha256: "0".repeat(64), roleBindings: {}, token: "x" }]],
  ["one name twice", ["0", "1"].map((d) => ({ name: "hub", sha256: d.repeat(64), roleBindings: {} }))],
  ["one token twice", ["a", "b"].map((name) => ({ name, sha256: "0".repeat(64), roleBindings: {} }))],
])("a deployment with %s is refused", (_, services) => {
  expect(readServices(services)).toBeNull();
});

test("a token that could be guessed is refused by the command", async () => {
  const { code, stderr } = await command(["--service", "hub", "--existing", "*/*=viewer"], {
    CONDA_STORE_TOKEN: "hunter2",
  });
  expect([code, stderr]).toEqual([1, expect.stringContaining("must not be guessed")]);
  expect(stderr).not.toContain("hunter2");
});
