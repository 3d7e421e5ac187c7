import * as v from "valibot";
import { beforeAll, describe, expect, test } from "vitest";
import { errorsOf, type Route } from "#core/contract/route.ts";
import { ROUTES } from "#core/contract/routes.ts";
import { ErrorReply } from "#core/contract/shapes.ts";
import { ERROR_STATUS } from "#core/errors.ts";
import { type Api, bearer, openApi } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { ROUTE_CASES } from "./cases/all.ts";
import { type As, KINDS, type Kind } from "./cases/case.ts";
import { makeWorld, type World } from "./world.ts";

const aws = useMiniStack();
let api: Api;
let world: World;

beforeAll(async () => {
  api = openApi(aws);
  world = await makeWorld(api.services);
});

const BINDINGS: Record<Exclude<As, "nobody">, Record<string, string[]>> = {
  stranger: { "elsewhere/*": ["admin"] },
  viewer: { "team/*": ["viewer"] },
  admin: { "*/*": ["admin"] },
};

/** Kinds of cases without which a route is not tested, read from its data. */
function kindsThatApply(route: Route): Kind[] {
  const kinds: Kind[] = ["happy"];
  const fields = [...Object.values(route.params.entries), ...Object.values(route.query.entries)];
  const mayBeMalformed = route.body !== null || fields.some((field) => !v.safeParse(field, "\0").success);
  if (mayBeMalformed) kinds.push("malformed");
  if (route.access.kind !== "open") kinds.push("unauthenticated", "forbidden");
  if (route.errors.some((code) => code.endsWith("_not_found"))) kinds.push("missing");
  if (route.errors.some((code) => ERROR_STATUS[code] === 409)) kinds.push("conflicting");
  return kinds;
}

describe.each(ROUTES.map((route) => [route.id, route as Route] as const))("%s", (id, route) => {
  const cases = ROUTE_CASES[id] ?? [];

  test("has a case of every kind that applies", () => {
    const kinds = new Set(cases.map(({ kind }) => kind));
    expect(kindsThatApply(route).filter((kind) => !kinds.has(kind))).toEqual([]);
  });

  test.each(cases)("$kind: $says", async ({ as, path, init = {}, status, code, shows, hides }) => {
    const token = as === "nobody" ? {} : bearer(await api.token(BINDINGS[as]));
    const headers = { ...token, ...(init.headers as Record<string, string> | undefined) };
    const response = await api.request(path(world), { ...init, headers });
    expect(response.status).toBe(status);
    expect(response.headers.get("x-request-id")).toMatch(/\S/);
    const text = await response.text();
    if (code) {
      expect(response.headers.get("content-type")).toMatch(/^application\/json/);
      const reply = v.parse(ErrorReply, JSON.parse(text));
      expect(JSON.parse(text)).toEqual(reply);
      expect(reply).toMatchObject({ code, request_id: response.headers.get("x-request-id") });
      expect(errorsOf(route)).toContain(code);
    } else if (status === 200 && route.reply) {
      // Nothing is missing, and nothing is there that the contract does not know.
      const body: unknown = JSON.parse(text);
      expect(v.parse(route.reply, body)).toEqual(body);
    } else {
      expect(route.otherReplies.map((reply) => reply.status)).toContain(status);
    }
    const seen = response.headers.get("location") ?? text;
    if (shows) expect(seen).toMatch(shows);
    if (hides) expect(seen).not.toMatch(hides);
  });

  test("answers each spelling directly, with and without the slash", async () => {
    const [happy] = cases.filter(({ kind }) => kind === "happy");
    if (!happy) throw new Error("no happy case");
    const [place = "", query] = happy.path(world).split("?");
    const buildId = /\/build\/(\d+)/.exec(place)?.[1] ?? String(world.completed);
    const answers = await Promise.all(
      [route.path, ...route.aliases]
        .flatMap((path) => [path, `${path}/`])
        .map(async (path) => {
          const filled = path
            .replace(":buildId", buildId)
            .replace(":tokenId", world.token)
            .replace(":solve", world.solve)
            .replace(":namespace", `made-${crypto.randomUUID()}`)
            .replace(":environment", "demo");
          const token = bearer(await api.token(BINDINGS.admin));
          const headers = { ...token, ...(happy.init?.headers as Record<string, string> | undefined) };
          return (
            await api.request(query === undefined ? filled : `${filled}?${query}`, { ...happy.init, headers })
          ).status;
        }),
    );
    expect(answers).not.toContain(405);
    expect(new Set(answers).size).toBe(1);
    // The namespace of the path was made up: what must be there to be answered for is not.
    const reachable = route.params.entries["namespace"] ? [happy.status, 404] : [happy.status];
    expect(reachable).toContain(answers[0]);
  });

  test("says which methods its address takes", async () => {
    const path = route.path.replace(/:\w+/g, "1");
    const response = await api.request(path, { method: "PATCH" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")?.split(", ")).toContain(route.method.toUpperCase());
    expect(v.is(ErrorReply, await response.json())).toBe(true);
  });
});

test("there are no cases for routes that do not exist", () => {
  const ids = new Set<string>(ROUTES.map(({ id }) => id));
  expect(Object.keys(ROUTE_CASES).filter((id) => !ids.has(id))).toEqual([]);
  expect(KINDS).toHaveLength(6);
});
