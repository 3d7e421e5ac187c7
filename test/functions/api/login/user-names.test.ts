/**
 * Whose a user name is.
 */
import { describe, expect, test } from "vitest";
import { codeOf, useCompany } from "#test/kit/company-login.ts";
import { logIn } from "#test/kit/login-journey.ts";

const company = useCompany();
const { provider, somebody } = company;

describe("who owns a user name", () => {
  test("it stays with whom it was first: another subject of that name is refused", async () => {
    const dave = somebody();
    expect((await logIn(company.api, provider, dave)).status).toBe(303);
    const impostor = { ...somebody(), preferred_username: dave.preferred_username };
    expect(await codeOf(await logIn(company.api, provider, impostor))).toEqual([403, "login_refused"]);
    expect((await logIn(company.api, provider, dave)).status).toBe(303);
  });

  test("nor does another provider's user of that name get it", async () => {
    const erin = somebody();
    await logIn(company.api, provider, erin);
    const elsewhere = company.openWith({ ...company.backend, name: "elsewhere" });
    expect(await codeOf(await logIn(elsewhere, provider, erin))).toEqual([403, "login_refused"]);
  });

  test("a namespace that others made is not given to a user of its name, unless the company.backend adopts", async () => {
    const frank = somebody();
    const path = `/api/v1/namespace/${frank.preferred_username}/`;
    const headers = { authorization: `Bearer ${await company.api.token({ "*/*": ["admin"] })}` };
    expect((await company.api.request(path, { method: "POST", headers })).status).toBe(200);
    expect(await codeOf(await logIn(company.api, provider, frank))).toEqual([403, "login_refused"]);
    const adopting = company.openWith({ ...company.backend, adoptsNamespaces: true });
    expect((await logIn(adopting, provider, frank)).status).toBe(303);
    expect((await logIn(company.api, provider, frank)).status).toBe(303);
  });

  test("of several first logins under one name at the same moment one wins", async () => {
    const { preferred_username } = somebody();
    const people = Array.from({ length: 4 }, () => ({ ...somebody(), preferred_username }));
    const statuses = await Promise.all(
      people.map(async (one) => (await logIn(company.api, provider, one)).status),
    );
    expect(statuses.sort()).toEqual([303, 403, 403, 403]);
  });
});
