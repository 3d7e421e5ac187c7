/**
 * Pages of other origins. The original lets any page act for whoever is logged in, by default; that is not copied.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { deploymentSettings } from "#core/settings/settings.ts";
import { type Api, bearer, openApi, post } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
const HUB = "https://hub.example.org";
let api: Api;
let closed: Api;
let admin: Record<string, string>;
beforeAll(async () => {
  api = openApi(aws, { settings: deploymentSettings({ cors_allow_origins: [HUB] }) });
  closed = openApi(aws);
  admin = bearer(await api.token({ "*/*": ["admin"] }));
});

const preflight = (origin: string): RequestInit => ({
  method: "OPTIONS",
  headers: {
    origin,
    "access-control-request-method": "PUT",
    "access-control-request-headers": "authorization,content-type",
  },
});
const allowedOrigin = (response: Response) => response.headers.get("access-control-allow-origin");

describe("an origin that the deployment names", () => {
  test.each(["/api/v1/environment/a/b/", "/api/v1/nothing", "/login"])(
    "may ask for %s first",
    async (path) => {
      const response = await api.request(path, preflight(HUB));
      expect(response.status).toBe(204);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        "access-control-allow-origin": HUB,
        "access-control-allow-credentials": "true",
        "access-control-allow-headers": "authorization, content-type",
        "access-control-max-age": "86400",
        vary: "Origin",
      });
      expect(response.headers.get("access-control-allow-methods")).toContain("PUT");
    },
  );

  test.each([
    ["/api/v1/permission/", 200],
    ["/api/v1/build/1/", 404],
    ["/api/v1/namespace/?page=0", 422],
    ["/api/v1/nothing", 404],
  ])("reads the answer of %s, also when it is %i", async (path, status) => {
    const response = await api.request(path, { headers: { ...admin, origin: HUB } });
    expect([response.status, allowedOrigin(response)]).toEqual([status, HUB]);
    expect(response.headers.get("vary")).toBe("Origin");
  });

  test("reads the id of its request, when to ask again and where an export goes on", async () => {
    const path = "/api/v1/audit/?format=ndjson&limit=1";
    await api.request("/api/v1/namespace/exported/", post({}, admin));
    await api.request("/api/v1/namespace/exported-next/", post({}, admin));
    const { status, headers } = await api.request(path, { headers: { ...admin, origin: HUB } });
    const exposed = headers.get("access-control-expose-headers")?.split(", ");
    expect([status, exposed]).toEqual([200, ["x-request-id", "retry-after", "x-next-cursor"]]);
    expect(headers.get("x-next-cursor")).toMatch(/./);
  });

  test("changes what its user may change", async () => {
    const init = post({ namespace: "team", specification: "name: x\ndependencies: [python]\n" }, admin);
    const headers = {
      ...(init.headers as Record<string, string>),
      origin: HUB,
      "sec-fetch-site": "cross-site",
    };
    const response = await api.request("/api/v1/specification/", { ...init, headers });
    expect([response.status, allowedOrigin(response)]).toEqual([200, HUB]);
  });
});

describe("any other origin", () => {
  test.each([
    "https://evil.example",
    "https://hub.example.org.evil.example",
    "http://hub.example.org",
    "https://hub.example.org:444",
    "null",
    "",
  ])("%s is allowed nothing", async (origin) => {
    const asked = await api.request("/api/v1/build/1/", preflight(origin));
    expect([asked.status, allowedOrigin(asked)]).toEqual([405, null]);
    const read = await api.request("/api/v1/permission/", { headers: { ...admin, origin } });
    expect(allowedOrigin(read)).toBeNull();
    const changed = await api.request("/api/v1/namespace/n/", {
      method: "POST",
      headers: { ...admin, origin },
    });
    expect(await changed.json()).toMatchObject({ code: "origin_refused" });
  });

  test("is every one where the deployment names none", async () => {
    expect((await closed.request("/api/v1/build/1/", preflight(HUB))).status).toBe(405);
    const read = await closed.request("/api/v1/permission/", { headers: { origin: HUB } });
    expect([allowedOrigin(read), read.headers.get("vary")]).toEqual([null, null]);
  });
});

test("what is no origin is refused when the deployment starts", () => {
  for (const origin of ["*", "hub.example.org", "https://hub.example.org/", "https://hub.example.org/path"])
    expect(() => deploymentSettings({ cors_allow_origins: [origin] })).toThrow(/cors_allow_origins/);
});
