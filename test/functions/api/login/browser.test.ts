/**
 * Returns from a provider that are not what they should be, and where people are sent afterwards.
 */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { openApi } from "#test/kit/api.ts";
import { codeOf, useCompany } from "#test/kit/company-login.ts";
import { begin, comeBack, logIn, tokenOf, whoAmI } from "#test/kit/login-journey.ts";

const company = useCompany();
const { provider, somebody } = company;

describe("a browser that is not the one that began", () => {
  const MISMATCH = [401, "not_authenticated"];

  test("is refused without the cookie, with another's, and with one of another try", async () => {
    const [mine, others] = [await begin(company.api), await begin(company.api)];
    for (const cookie of ["", others.cookie, mine.cookie.replace(/=.*/, "=guessed")]) {
      const query = provider.letIn(mine.address, somebody());
      const response = await comeBack(company.api, query, cookie);
      expect(response.headers.getSetCookie().join()).not.toContain("conda-store-auth=ey");
      expect(await codeOf(response)).toEqual(MISMATCH);
    }
  });

  test("cannot be made to log in as somebody else: the attacker's return needs the attacker's browser", async () => {
    const attacker = await begin(company.api);
    const victim = await begin(company.api);
    const query = provider.letIn(attacker.address, somebody());
    expect(await codeOf(await comeBack(company.api, query, victim.cookie))).toEqual(MISMATCH);
  });

  test("does not use up the login of who did begin when it guesses without his cookie", async () => {
    const { address, cookie } = await begin(company.api);
    const query = provider.letIn(address, somebody());
    expect((await comeBack(company.api, query, "")).status).toBe(401);
    expect((await comeBack(company.api, query, cookie)).status).toBe(303);
  });

  test("returns once: the same return again is refused, also two at the same time", async () => {
    const { address, cookie } = await begin(company.api);
    const query = provider.letIn(address, somebody());
    const statuses = await Promise.all(
      [1, 2].map(async () => (await comeBack(company.api, query, cookie)).status),
    );
    expect(statuses.sort()).toEqual([303, 401]);
    expect(await codeOf(await comeBack(company.api, query, cookie))).toEqual(MISMATCH);
  });

  test.each([
    "",
    "state=",
    "code=x",
    "code=x&state=",
    "code=x&state=%00",
    `code=x&state=${"s".repeat(4000)}`,
  ])("returns with %j and is refused", async (query) => {
    expect(await codeOf(await comeBack(company.api, query, ""))).toEqual(MISMATCH);
  });

  test("may begin in two windows, and come back in both", async () => {
    const [first, second] = [await begin(company.api), await begin(company.api)];
    const both = `${first.cookie}; ${second.cookie}`;
    for (const { address } of [first, second])
      expect((await comeBack(company.api, provider.letIn(address, somebody()), both)).status).toBe(303);
  });

  test("gets a cookie of its own whatever cookie somebody had planted before", async () => {
    const planted = await company.api.token({ "planted/*": ["viewer"] }, "mallory");
    const { address, cookie } = await begin(company.api);
    const carol = somebody();
    const query = provider.letIn(address, carol);
    const response = await comeBack(company.api, query, `conda-store-auth=${planted}; ${cookie}`);
    expect(tokenOf(response)).not.toBe(planted);
    expect((await whoAmI(company.api, tokenOf(response))).primary_namespace).toBe(carol.preferred_username);
  });

  test("is told when the provider says no", async () => {
    const { address, cookie } = await begin(company.api);
    const state = new URL(address).searchParams.get("state") ?? "";
    const response = await comeBack(
      company.api,
      `error=access_denied&state=${state}&error_description=<script>`,
      cookie,
    );
    expect(await response.clone().text()).not.toContain("script");
    expect(await codeOf(response)).toEqual([403, "login_refused"]);
  });

  test("who takes too long has to begin again", async () => {
    const { address, cookie } = await begin(company.api);
    const state = new URL(address).searchParams.get("state") ?? "";
    const { UpdateCommand } = await import("#adapters/dynamodb/commands.ts");
    await company.api.services.db.client.send(
      new UpdateCommand({
        TableName: company.aws.table,
        Key: { pk: `LOGIN#${createHash("sha256").update(state).digest("hex")}`, sk: "LOGIN" },
        UpdateExpression: "SET expiresAt = :then",
        ExpressionAttributeValues: { ":then": Math.floor(Date.now() / 1000) - 1 },
      }),
    );
    const query = provider.letIn(address, somebody());
    expect(await codeOf(await comeBack(company.api, query, cookie))).toEqual(MISMATCH);
  });
});

describe("after a login nobody is sent to another site", () => {
  test.each([
    ["https://evil.example/", "/"],
    ["//evil.example/", "/"],
    ["/\\evil.example", "/"],
    ["%2F%2Fevil.example", "/%2F%2Fevil.example"],
    ["/%09/evil.example", "/%09/evil.example"],
    ["/\t/evil.example", "/"],
    ["\u0000//evil.example", "/"],
    ["javascript:alert(1)", "/"],
    ["https://store.example@evil.example/", "/"],
    ["https://store.example.evil.example/", "/"],
    ["https://store.example/ui/x", "/ui/x"],
    ["/ui/a?b=c#d", "/ui/a?b=c#d"],
  ])("next=%j leads to %j", async (next, expected) => {
    const response = await logIn(company.api, provider, somebody(), `?next=${encodeURIComponent(next)}`);
    expect(response.headers.get("location")).toBe(expected);
  });

  test.each([
    { host: "evil.example" },
    { "x-forwarded-host": "evil.example" },
    { forwarded: "host=evil.example;proto=http" },
    { "x-forwarded-proto": "http", "x-forwarded-port": "1", "x-original-host": "evil.example" },
  ])("nor does the provider learn another way back from %j", async (headers) => {
    const { publicUrl: _, ...login } = company.api.services.login;
    for (const opened of [company.api, openApi(company.aws, { ...company.api.services, login })]) {
      const response = await opened.request("https://store.example/login/", { headers });
      const address = new URL(response.headers.get("location") ?? "");
      expect(address.searchParams.get("redirect_uri")).toBe("https://store.example/oauth_callback");
    }
  });
});
