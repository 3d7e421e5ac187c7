/**
 * Defects of the original that are not copied: each row names what was wrong, and its test shows what is right here. Where a
 * client depends on the wrong way both are served, which the row says.
 */
import { describe, expect, test } from "vitest";
import { createNamespace } from "#adapters/dynamodb/namespaces.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { DUMMY_PASSWORD, openApi, post, put } from "#test/kit/api.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import { ask, inAnHour, type Row, roles, signed, status, useAsking } from "./asking.ts";

const aws = useMiniStack();
const on = useAsking(aws);

describe("what crashed, or answered with the wrong status", () => {
  const rows: readonly Row[] = [
    [
      "the archive of an unknown build was a fault of the server: it is missing",
      async () => {
        expect(await ask(on.api, on.admin, "build/9999999/archive/")).toMatchObject({
          http: 404,
          message: "build id does not exist",
        });
      },
    ],
    [
      "builds by packages were a fault of the server: they are filtered like environments",
      async () => {
        expect(await ask(on.api, on.admin, "build/?packages=numpy&packages=zlib")).toMatchObject({
          http: 200,
          data: [{ id: on.world.completed }],
        });
      },
    ],
    [
      "a size of 0 was a fault of the server and a negative one meant everything: both are refused",
      async () => {
        for (const query of ["size=0", "size=-1", "page=-1"]) {
          expect(await status(on.api, on.admin, `namespace/?${query}`)).toBe(422);
        }
      },
    ],
    [
      "a default namespace that is no name failed when it was used: the deployment refuses it",
      async () => {
        expect(() => deploymentSettings({ default_namespace: "a/b" })).toThrow("default_namespace");
      },
    ],
    [
      "a role given twice was a fault of the server: it is a conflict; one that is not there is missing",
      async () => {
        await createNamespace(on.api.services.db, on.fresh, new Date());
        const role = { other_namespace: "team", role: "viewer" };
        expect(await ask(on.api, on.admin, `namespace/${on.fresh}/role`, put(role))).toMatchObject({
          http: 404,
          message: "failed to find role",
        });
        expect(await status(on.api, on.admin, `namespace/${on.fresh}/role`, post(role))).toBe(200);
        expect(await status(on.api, on.admin, `namespace/${on.fresh}/role`, post(role))).toBe(409);
      },
    ],
    [
      "credentials that cannot be decoded were a fault of the server: they are nobody's",
      async () => {
        for (const authorization of ["Basic %%%", "Basic YQ==", "Bearer", "Bearer ", "Negotiate x"]) {
          const answer = await ask(on.api, null, "permission/", { headers: { authorization } });
          expect(answer).toMatchObject({ http: 200, data: { authenticated: false } });
        }
      },
    ],
    [
      "a stale cookie hid a good header: either is enough",
      async () => {
        const headers = { cookie: "conda-store-auth=stale" };
        expect(await ask(on.api, on.admin, "permission/", { headers })).toMatchObject({
          data: { authenticated: true },
        });
      },
    ],
    [
      "an unknown role, or `editor`, in a token broke every request: the first gives nothing, the second is `developer`",
      async () => {
        const role_bindings = { "a/*": ["editor"], "b/*": ["king"] };
        const token = await signed(on.api, { exp: inAnHour(), primary_namespace: "alice", role_bindings });
        expect(await roles(on.api, token)).toMatchObject({ "a/*": ["developer"], "b/*": [] });
        expect(await status(on.api, token, "environment/?namespace=b")).toBe(200);
      },
    ],
    [
      "a bad pattern, an unknown role or an end without zone broke POST token: refused, refused, read as UTC",
      async () => {
        expect(
          await status(on.api, on.admin, "token/", post({ role_bindings: { "no slash": ["viewer"] } })),
        ).toBe(400);
        expect(await status(on.api, on.admin, "token/", post({ role_bindings: { "a/*": ["king"] } }))).toBe(
          400,
        );
        const expiration = new Date(Date.now() + 60_000).toISOString().slice(0, -1);
        expect(await status(on.api, on.admin, "token/", post({ expiration }))).toBe(200);
      },
    ],
    [
      "an invalid jwt filter and an invalid cursor were faults of the server: they are the caller's",
      async () => {
        expect(await status(on.api, on.admin, "environment/?jwt=nonsense")).toBe(400);
        expect(await status(on.api, on.admin, "/api/v2/environment/?jwt=nonsense")).toBe(400);
        expect(await status(on.api, on.admin, "/api/v2/environment/?cursor=nonsense")).toBe(400);
        const { cursor } = await ask(on.api, on.admin, "/api/v2/environment/?limit=1");
        expect(
          await status(on.api, on.admin, `/api/v2/environment/?limit=1&sort_by=name&cursor=${cursor}`),
        ).toBe(400);
      },
    ],
    [
      "the cursor behind the last page led to the first again: there is none",
      async () => {
        expect((await ask(on.api, on.admin, "/api/v2/environment/?namespace=team")).cursor).toBeNull();
        expect((await ask(on.api, on.admin, "/api/v2/environment/?namespace=no-such")).cursor).toBeNull();
      },
    ],
    [
      "a login without a JSON object or a name was a fault of the server: it is refused",
      async () => {
        expect(await status(on.api, null, "/login/", post("nonsense"))).toBe(400);
        expect(await status(on.api, null, "/login/", post({ password: DUMMY_PASSWORD }))).toBe(422);
      },
    ],
    [
      "a store that had never built anything broke metrics and POST: it is empty, and takes the first",
      async () => {
        const empty = openApi({ ...aws, table: await createTable(`empty-${on.fresh}`) });
        const token = await empty.token({ "*/*": ["admin"] });
        expect((await ask(empty, token, "/metrics", {})).message).toContain("conda_store_disk_usage 0\n");
        const body = post({ namespace: "a", specification: "name: b\ndependencies: [python]\n" });
        expect(await status(empty, token, "specification/", body)).toBe(200);
      },
    ],
    [
      "an unknown environment was a bad request to PUT: it is missing",
      async () =>
        expect(await status(on.api, on.admin, "environment/team/no-such/", put({ description: "x" }))).toBe(
          404,
        ),
    ],
    [
      "a namespace that is no name was forbidden: it is a bad request",
      async () => expect(await status(on.api, on.admin, "namespace/a%20b/", { method: "POST" })).toBe(400),
    ],
    [
      "errors of validation, missing addresses and methods had shapes of their own: all have one",
      async () => {
        for (const answer of [
          await ask(on.api, on.admin, "build/?page=x"),
          await ask(on.api, on.admin, "no-such/"),
          await ask(on.api, on.admin, "build/", { method: "DELETE" }),
        ]) {
          expect(answer).toMatchObject({
            status: "error",
            message: expect.any(String),
            code: expect.any(String),
          });
        }
      },
    ],
    [
      "ids and pages beyond 64 bits were faults of the server: the first are missing, the second refused",
      async () => {
        expect(await status(on.api, on.admin, `build/${"9".repeat(20)}/`)).toBe(404);
        expect(await status(on.api, on.admin, `build/?page=${"9".repeat(20)}`)).toBe(422);
      },
    ],
  ];
  test.each(rows)("%s", (_, shows) => shows());
});
