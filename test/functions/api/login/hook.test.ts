/**
 * A function of the operator's own, deployed in the local AWS, that is asked about passwords.
 */
import { describe, expect, test } from "vitest";
import type { BackendInput } from "#core/login/backends.ts";
import { type Api, openApi, post } from "#test/kit/api.ts";
import { deployFunction } from "#test/kit/lambda-function.ts";
import { loginWith, tokenOf, whoAmI } from "#test/kit/login-journey.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();

/** Asks no directory; everything else is as an operator would write it. */
const CODE = `exports.handler = async ({ version, username, password, address }) => {
  if (version !== 1 || typeof address !== "string") throw new Error("not asked as documented");
  if (username === "crash") throw new Error("LDAP says: " + password);
  if (username === "nonsense") return { hello: "world" };
  if (username === "bad-role") return { user: "x", role_bindings: { "a/*": ["owner"] } };
  if (username === "bad-pattern") return { user: "x", role_bindings: { "a/b/c": ["viewer"] } };
  if (username === "slash") return { user: "a/b" };
  if (password !== "right") return null;
  return { user: username.toLowerCase(), subject: "S-" + username.toLowerCase(), groups: ["data-team"], role_bindings: { "special/*": ["viewer"] } };
};`;

const hook = async (): Promise<Api> => {
  const functionArn = await deployFunction("who", CODE);
  const backend: BackendInput = { kind: "hook", name: "own", functionArn };
  return openApi(aws, { login: loginWith(backend) });
};
const login = (api: Api, username: string, password: string): Promise<Response> =>
  api.request("/login/", post({ username, password }));

describe("a password that a hook is asked about", () => {
  test("lets in whom the function knows, as the one that it names, and what it gives is added to the rules", async () => {
    const api = await hook();
    const response = await login(api, "Alice", "right");
    expect(response.status, await response.clone().text()).toBe(200);
    const me = await whoAmI(api, tokenOf(response));
    expect(me.primary_namespace).toBe("alice");
    expect(me.entity_roles).toMatchObject({ "alice/*": ["developer"], "special/*": ["viewer"] });
    expect(me.entity_roles).not.toHaveProperty("*/*");
  });

  test("is refused, or is the operator's to mend, and no password is told or logged", async () => {
    const api = await hook();
    const secret = "hunter2-but-longer";
    const seen: unknown[] = [];
    for (const name of ["alice", "crash", "nonsense", "bad-role", "bad-pattern", "slash"]) {
      const response = await login(api, name, secret);
      const text = await response.text();
      expect(text).not.toContain(secret);
      expect(tokenOf(response)).toBe("");
      seen.push([name, response.status, (JSON.parse(text) as { code: string }).code]);
    }
    expect(seen).toEqual([
      ["alice", 403, "invalid_credentials"],
      ["crash", 502, "provider_failed"],
      ["nonsense", 502, "provider_failed"],
      ["bad-role", 502, "provider_failed"],
      ["bad-pattern", 502, "provider_failed"],
      ["slash", 403, "login_refused"],
    ]);
    expect(JSON.stringify(api.lines)).not.toContain(secret);
  });

  test("that is tried again and again is not passed on any more", async () => {
    const api = await hook();
    const bounded = openApi(aws, { ...api.services, rates: { submissionsPerMinute: 9, loginsPerMinute: 3 } });
    const statuses: number[] = [];
    for (let tries = 0; tries < 8; tries += 1) statuses.push((await login(bounded, "bob", "wrong")).status);
    expect(statuses.slice(0, 3)).toEqual([403, 403, 403]);
    expect(statuses).toContain(429);
  });
});
