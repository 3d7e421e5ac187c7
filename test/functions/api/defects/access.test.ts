/**
 * Defects of the original that are not copied: each row names what was wrong, and its test shows what is right here. Where a
 * client depends on the wrong way both are served, which the row says.
 */
import { describe, expect, test } from "vitest";
import { createNamespace } from "#adapters/dynamodb/namespaces.ts";
import { DUMMY_PASSWORD, openApi, post, put } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { submitted } from "#test/kit/submissions.ts";
import { ask, inAnHour, type Row, roles, signed, specify, status, useAsking } from "./asking.ts";

const aws = useMiniStack();
const on = useAsking(aws);

interface Issued {
  readonly token: string;
  readonly id: string;
}

describe("what let callers do or learn too much", () => {
  const rows: readonly Row[] = [
    [
      "an admin of one namespace mapped everything to its members: nobody gives what they have not",
      async () => {
        const token = await on.api.token({ "team/*": ["admin"] }, "team");
        expect(
          await status(on.api, token, "namespace/team/", put({ role_mappings: { "*/*": ["admin"] } })),
        ).toBe(403);
        expect(await roles(on.api, token)).not.toHaveProperty("*/*");
      },
    ],
    [
      "whoever could log in was an admin of everything: outside one's own machine there is no such login",
      async () => {
        const deployed = openApi(aws, { login: { backends: [], sameSite: "lax" } });
        const body = post({ username: "me", password: DUMMY_PASSWORD });
        expect(await status(deployed, null, "/login/", body)).toBe(404);
      },
    ],
    [
      "a binding to one environment spoke for its namespace, and one to a name everywhere for the whole store",
      async () => {
        const one = await on.api.token({ "team/demo": ["admin"] });
        expect(await status(on.api, one, "namespace/team/", put({ metadata: {} }))).toBe(403);
        const everywhere = await on.api.token({ "*/only": ["admin"] });
        expect(await status(on.api, everywhere, "setting/", put({ conda_default_channels: ["x"] }))).toBe(
          403,
        );
      },
    ],
    [
      "characters of names were a regular expression's: each stands for itself, in lists too",
      async () => {
        await submitted(on.api.services.db, { namespace: "te.m", environment: "x" });
        await submitted(on.api.services.db, { namespace: "a+b", environment: "x" });
        expect(
          await status(on.api, await on.api.token({ "te.m/*": ["viewer"] }), "environment/team/demo/"),
        ).toBe(403);
        expect(await status(on.api, await on.api.token({ "a+b/*": ["viewer"] }), "environment/a+b/x/")).toBe(
          200,
        );
        expect((await ask(on.api, await on.api.token({ "t__m/*": ["viewer"] }), "environment/")).count).toBe(
          0,
        );
        expect(
          (await ask(on.api, await on.api.token({ "te_m/*": ["viewer"] }), "environment/?search=demo")).count,
        ).toBe(0);
      },
    ],
    [
      "lists showed what a binding named, whatever it allowed: a role that gives nothing shows nothing",
      async () => {
        const role_bindings = { "team/*": ["king"] };
        const token = await signed(on.api, { exp: inAnHour(), primary_namespace: "alice", role_bindings });
        expect((await ask(on.api, token, "environment/?namespace=team")).count).toBe(0);
        expect(await status(on.api, token, "environment/team/demo/")).toBe(403);
      },
    ],
    [
      "nobody got a token with somebody's power: it has nobody's",
      async () => {
        const { token } = (await ask(on.api, null, "token/", { method: "POST" })).data as { token: string };
        expect(await roles(on.api, token)).toEqual({ "default/*": ["viewer"] });
      },
    ],
    [
      "any primary namespace could be put into a token, with all that it is given later",
      async () => {
        const token = await on.api.token({ "team/*": ["admin"] });
        expect(await status(on.api, token, "token/", post({ primary_namespace: "secret" }))).toBe(400);
      },
    ],
    [
      "a build of another namespace could be shown, if the names agreed",
      async () => {
        const foreign = await submitted(on.api.services.db, { namespace: on.fresh, environment: "demo" });
        const answer = await ask(on.api, on.admin, "environment/team/demo/", put({ build_id: foreign }));
        expect(answer).toMatchObject({ http: 400, code: "invalid_request" });
        expect((await ask(on.api, on.admin, "environment/team/demo/")).data).toMatchObject({
          current_build_id: on.world.completed,
        });
      },
    ],
    [
      "a login sent people to any site, and its cookie to any path, over plain http",
      async () => {
        const prefixed = openApi(aws, { prefix: "/conda-store" });
        const body = post({ username: "me", password: DUMMY_PASSWORD }, { "x-forwarded-proto": "https" });
        const answer = await ask(prefixed, null, "/conda-store/login/?next=//evil.example", body);
        expect(answer.data).toEqual({ redirect_url: "/conda-store/" });
        expect(answer.headers.get("set-cookie")).toMatch(/Path=\/conda-store;.*Secure/);
      },
    ],
    [
      "every origin was told that it may ask with its user's credentials: none is that is not named",
      async () => {
        const answer = await ask(on.api, on.admin, "permission/", {
          headers: { origin: "https://evil.example" },
        });
        expect(answer.headers.has("access-control-allow-origin")).toBe(false);
      },
    ],
    [
      "files could be had by who guessed their names: addresses are signed and end",
      async () => {
        const { headers } = await ask(on.api, on.admin, `build/${on.world.completed}/archive/`);
        const address = new URL(headers.get("location") ?? "");
        expect(Number(address.searchParams.get("X-Amz-Expires"))).toBeLessThanOrEqual(3600);
        expect(address.searchParams.get("X-Amz-Signature")).toMatch(/^[0-9a-f]{64}$/);
      },
    ],
    [
      "tokens died with the process that made them: they hold for every process with the same secret",
      async () => {
        const other = openApi(aws, { secret: on.api.services.secret });
        expect(await ask(other, on.admin, "permission/", {})).toMatchObject({
          data: { authenticated: true },
        });
      },
    ],
    [
      "tokens without an end lived for ever, and there was no audience: neither is taken",
      async () => {
        for (const claims of [{}, { exp: inAnHour(), aud: "registry" }]) {
          const token = await signed(on.api, {
            primary_namespace: "alice",
            role_bindings: { "*/*": ["admin"] },
            ...claims,
          });
          expect(await ask(on.api, token, "permission/")).toMatchObject({ data: { authenticated: false } });
        }
      },
    ],
    [
      "a token that was lost was good until its end: it can be revoked, and with it what was made from it",
      async () => {
        const owner = await on.api.token({ "team/*": ["viewer"] }, on.fresh);
        const lost = (await ask(on.api, owner, "token/", { method: "POST" })).data as Issued;
        const copy = (await ask(on.api, lost.token, "token/", { method: "POST" })).data as Issued;
        expect(await status(on.api, owner, `token/${lost.id}`, { method: "DELETE" })).toBe(200);
        for (const { token } of [lost, copy])
          expect(await status(on.api, token, "environment/team/demo/")).toBe(403);
      },
    ],
    [
      "metrics and what workers do were told to anybody",
      async () => {
        for (const path of ["/metrics", "/celery"]) {
          expect(await status(on.api, null, path)).toBe(403);
          expect(await status(on.api, await on.api.token({ "team/*": ["admin"] }), path)).toBe(403);
          expect(await status(on.api, on.admin, path)).toBe(200);
        }
      },
    ],
    [
      "a decision was remembered for the whole request: posting into a namespace and making it are two questions",
      async () => {
        const token = await on.api.token({ [`${on.fresh}/*`]: ["developer"] });
        const text = "name: x\ndependencies: [python]\n";
        expect((await specify(on.api, token, on.fresh, text)).http).toBe(403);
        await createNamespace(on.api.services.db, on.fresh, new Date());
        expect((await specify(on.api, token, on.fresh, text)).http).toBe(200);
      },
    ],
    [
      "nothing but the cookie's own attribute kept another site's page from changing things",
      async () => {
        const headers = { cookie: `conda-store-auth=${on.admin}`, origin: "https://evil.example" };
        expect(await ask(on.api, null, `namespace/${on.fresh}/`, { method: "POST", headers })).toMatchObject({
          http: 403,
          code: "origin_refused",
        });
      },
    ],
  ];
  test.each(rows)("%s", (_, shows) => shows());
});
