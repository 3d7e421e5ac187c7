/**
 * What browsers are told of every answer, whichever it is.
 */
import { expect, test } from "vitest";
import { openApi } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { useApi } from "./use-api.ts";

const aws = useMiniStack();
const { api, admin } = useApi(aws);

test.each<[string, RequestInit, number]>([
  ["/api/v1/permission/", {}, 200],
  ["/", {}, 307],
  ["/login/", {}, 307],
  ["/logout/", { method: "POST" }, 303],
  ["/api/v1/setting/", {}, 403],
  ["/nothing/here", {}, 404],
  ["/ui/", {}, 404],
  ["/api/v1/build/1/", { method: "PATCH" }, 405],
  ["/api/v1/namespace/?page=0", {}, 422],
  ["/api/v1/namespace/x/", { method: "POST", headers: { origin: "https://evil.example" } }, 403],
  ["/oauth_callback?error=<script>", { headers: { accept: "text/html" } }, 401],
])("%s %j is answered %i, for no frame, no cache and nobody else's script", async (path, init, status) => {
  const response = await api.request(path, init);
  expect(response.status).toBe(status);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-security-policy": expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
  });
});

test("a failure of ours has them too", async () => {
  const broken = openApi(aws, { ...api.services, db: { ...api.services.db, table: "no-such-table" } });
  const response = await broken.request("/api/v1/namespace/x/", { headers: admin });
  expect(response.status).toBeGreaterThanOrEqual(500);
  expect(response.headers.get("content-security-policy")).toMatch(/frame-ancestors 'none'/);
});

test("a page of an error quotes nothing that could be markup, and programs get JSON of the same status", async () => {
  const path = "/login/?provider=%3Cimg%20src%3Dx%3E";
  const shown = await api.request(path, { headers: { accept: "text/html,application/xhtml+xml" } });
  expect([shown.status, shown.headers.get("content-type")]).toEqual([404, "text/html; charset=UTF-8"]);
  expect(await shown.text()).not.toContain("<img");
  const told = await api.request(path);
  expect([told.status, (await told.json()) as object]).toMatchObject([404, { code: "not_found" }]);
});
