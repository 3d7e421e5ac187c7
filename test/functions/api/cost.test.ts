import { beforeAll, describe, expect, test } from "vitest";
import { ROUTES } from "#core/contract/routes.ts";
import { type Api, bearer, openApi } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { submitted } from "#test/kit/submissions.ts";
import { COSTS } from "./costs/all.ts";
import type { Cost } from "./costs/cost.ts";
import { makeWorld, type World } from "./world.ts";

const aws = useMiniStack();
let api: Api;
let world: World;
let tokens: Record<"nobody" | "viewer" | "admin", Record<string, string>>;

beforeAll(async () => {
  api = openApi(aws);
  world = await makeWorld(api.services);
  tokens = {
    nobody: {},
    viewer: bearer(await api.token({ "team/*": ["viewer"] })),
    admin: bearer(await api.token({ "*/*": ["admin"] })),
  };
  // A function that has been asked before knows the specification, which never changes.
  await api.request(`/api/v1/build/${world.completed}/`, { headers: tokens.admin });
});

const READS: ReadonlySet<string> = new Set(["GetItemCommand", "QueryCommand", "BatchGetItemCommand"]);

async function costOf({
  as,
  path,
  init: given = {},
}: Cost): Promise<{ calls: Record<string, number>; units: number }> {
  const init = typeof given === "function" ? given(world) : given;
  api.calls.length = 0;
  const headers = { ...tokens[as], ...(init.headers as Record<string, string> | undefined) };
  await api.request(path(world), { ...init, headers });
  const calls: Record<string, number> = {};
  for (const { command } of api.calls) calls[command] = (calls[command] ?? 0) + 1;
  const reads = api.calls.filter(({ command }) => READS.has(command));
  return { calls, units: reads.reduce((sum, { capacityUnits }) => sum + capacityUnits, 0) };
}

describe("what a request costs", () => {
  test.each(COSTS)("$route $when", async (cost) => {
    expect(await costOf(cost)).toEqual({ calls: cost.calls, units: cost.units });
  });

  test("is known of every route", () => {
    const known = new Set(COSTS.map(({ route }) => route));
    expect(ROUTES.map(({ id }) => id).filter((id) => !known.has(id))).toEqual([]);
  });

  test("does not grow with what others keep in the store", async () => {
    const lists = COSTS.filter(({ route, as }) => route.startsWith("list") && as === "viewer");
    expect(lists.length).toBeGreaterThan(1);
    for (let n = 0; n < 60; n++) {
      await submitted(api.services.db, { namespace: `other-${n}`, environment: "e" });
    }
    for (const list of lists) expect((await costOf(list)).units).toBe(list.units);
  });
});
