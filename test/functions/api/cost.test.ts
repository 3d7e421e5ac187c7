import { beforeAll, describe, expect, test } from "vitest";
import { ROUTES } from "#core/contract/routes.ts";
import { type Api, bearer, DUMMY_PASSWORD, openApi, post, put } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { submitted } from "#test/kit/submissions.ts";
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
});

interface Cost {
  readonly route: string;
  readonly when: string;
  readonly as: "nobody" | "viewer" | "admin";
  readonly path: (world: World) => string;
  readonly init?: RequestInit | ((world: World) => RequestInit);
  /** Calls to DynamoDB by command. */
  readonly calls: Readonly<Record<string, number>>;
  /** Read units of the calls that only read. */
  readonly units: number;
}

const A = "/api/v1";
const make = { method: "POST" };
const spec = (name: string) =>
  post({ specification: `name: ${name}\ndependencies: [python]\n`, namespace: "team" });
const build = (route: string, path: string): Cost => ({
  route,
  when: "of a build",
  as: "viewer",
  path: (w) => `${A}/build/${w.completed}/${path}`,
  calls: { GetItemCommand: 1 },
  units: 1,
});

/** What the members of a namespace were given: read where the token alone does not suffice. */
const MEMBER = { QueryCommand: 1 };

/** docs/access-patterns.md says the same in formulas. */
const COSTS: readonly Cost[] = [
  { route: "getStatus", when: "", as: "nobody", path: () => `${A}/`, calls: {}, units: 0 },
  { route: "getPermission", when: "", as: "viewer", path: () => `${A}/permission/`, calls: MEMBER, units: 1 },
  {
    route: "postToken",
    when: "",
    as: "viewer",
    path: () => `${A}/token/`,
    init: make,
    calls: MEMBER,
    units: 1,
  },
  {
    route: "getUsage",
    when: "of everything",
    as: "admin",
    path: () => `${A}/usage/`,
    calls: { QueryCommand: 1, BatchGetItemCommand: 1 },
    units: 1,
  },
  {
    route: "listChannels",
    when: "",
    as: "nobody",
    path: () => `${A}/channel/`,
    calls: { BatchGetItemCommand: 1 },
    units: 0,
  },
  {
    route: "getMetrics",
    when: "",
    as: "admin",
    path: () => "/metrics",
    calls: { QueryCommand: 2, BatchGetItemCommand: 1 },
    units: 2,
  },
  { route: "getCelery", when: "", as: "admin", path: () => "/celery", calls: { QueryCommand: 1 }, units: 1 },
  {
    route: "listNamespaces",
    when: "of everything",
    as: "admin",
    path: () => `${A}/namespace/`,
    calls: { QueryCommand: 1 },
    units: 1,
  },
  {
    route: "listNamespaces",
    when: "of three known by name",
    as: "viewer",
    path: () => `${A}/namespace/`,
    calls: { ...MEMBER, GetItemCommand: 3 },
    units: 4,
  },
  {
    route: "getNamespace",
    when: "that exists",
    as: "viewer",
    path: () => `${A}/namespace/team/`,
    calls: { GetItemCommand: 1, BatchGetItemCommand: 1 },
    units: 1,
  },
  {
    route: "getNamespace",
    when: "that is not allowed",
    as: "nobody",
    path: () => `${A}/namespace/team/`,
    calls: {},
    units: 0,
  },
  {
    route: "createNamespace",
    when: "",
    as: "admin",
    path: () => `${A}/namespace/new/`,
    init: make,
    calls: { GetItemCommand: 1, UpdateItemCommand: 1, TransactWriteItemsCommand: 1 },
    units: 1,
  },
  {
    route: "updateNamespace",
    when: "with one mapping",
    as: "admin",
    path: () => `${A}/namespace/team/`,
    init: put({ metadata: {}, role_mappings: { "a/*": ["viewer"] } }),
    calls: { ...MEMBER, UpdateItemCommand: 1, TransactWriteItemsCommand: 1 },
    units: 1,
  },
  {
    route: "putNamespaceMetadata",
    when: "",
    as: "admin",
    path: () => `${A}/namespace/team/metadata`,
    init: put({}),
    calls: { TransactWriteItemsCommand: 1 },
    units: 0,
  },
  {
    route: "listRoles",
    when: "",
    as: "viewer",
    path: () => `${A}/namespace/team/roles`,
    calls: { GetItemCommand: 1, QueryCommand: 1 },
    units: 2,
  },
  {
    route: "getRole",
    when: "",
    as: "viewer",
    path: () => `${A}/namespace/team/role?other_namespace=secret`,
    calls: { GetItemCommand: 1 },
    units: 1,
  },
  {
    route: "updateRole",
    when: "",
    as: "admin",
    path: () => `${A}/namespace/team/role`,
    init: put({ other_namespace: "secret", role: "viewer" }),
    calls: { ...MEMBER, TransactWriteItemsCommand: 1 },
    units: 1,
  },
  {
    route: "deleteRole",
    when: "",
    as: "admin",
    path: () => `${A}/namespace/team/role`,
    init: { ...post({ other_namespace: "secret" }), method: "DELETE" },
    calls: { TransactWriteItemsCommand: 1 },
    units: 0,
  },
  {
    route: "createRole",
    when: "",
    as: "admin",
    path: () => `${A}/namespace/team/role`,
    init: post({ other_namespace: "secret", role: "viewer" }),
    calls: { ...MEMBER, GetItemCommand: 2, UpdateItemCommand: 1, TransactWriteItemsCommand: 1 },
    units: 3,
  },
  {
    route: "deleteRoles",
    when: "of which there is one",
    as: "admin",
    path: () => `${A}/namespace/team/roles`,
    init: { method: "DELETE" },
    calls: { GetItemCommand: 1, QueryCommand: 1, TransactWriteItemsCommand: 1 },
    units: 2,
  },
  {
    route: "listEnvironments",
    when: "of one namespace",
    as: "viewer",
    path: () => `${A}/environment/?namespace=team&size=100`,
    calls: { GetItemCommand: 1, QueryCommand: 2 },
    units: 3,
  },
  {
    route: "listEnvironments",
    when: "of a namespace that is not allowed",
    as: "nobody",
    path: () => `${A}/environment/?namespace=team`,
    calls: { GetItemCommand: 1 },
    units: 1,
  },
  {
    route: "getEnvironment",
    when: "",
    as: "viewer",
    path: () => `${A}/environment/team/demo/`,
    calls: { GetItemCommand: 1 },
    units: 1,
  },
  {
    route: "listEnvironmentsByCursor",
    when: "of one namespace",
    as: "viewer",
    path: () => "/api/v2/environment/?namespace=team",
    calls: { GetItemCommand: 1, QueryCommand: 2 },
    units: 3,
  },
  {
    route: "getEnvironmentLockfile",
    when: "",
    as: "viewer",
    path: () => `${A}/environment/team/demo/lockfile/`,
    calls: { GetItemCommand: 2 },
    units: 2,
  },
  {
    route: "updateEnvironment",
    when: "that is to show another build",
    as: "admin",
    path: () => `${A}/environment/team/demo/`,
    init: (w) => put({ build_id: w.completed }),
    calls: { GetItemCommand: 2, QueryCommand: 1, TransactWriteItemsCommand: 1 },
    units: 3,
  },
  {
    route: "listBuilds",
    when: "of one environment, as conda-store's page asks every five seconds",
    as: "viewer",
    path: () => `${A}/build/?namespace=team&name=next&order=desc&sort_by=scheduled_on`,
    calls: { GetItemCommand: 1, QueryCommand: 2, BatchGetItemCommand: 1 },
    // And one for each build of the page, which MiniStack does not report of a batch.
    units: 3,
  },
  {
    route: "listBuilds",
    when: "of what a viewer may see",
    as: "viewer",
    path: () => `${A}/build/?size=1`,
    // A namespace each for the viewer and the two that everybody sees.
    calls: { QueryCommand: 4, BatchGetItemCommand: 1 },
    units: 4,
  },
  {
    route: "rebuild",
    when: "",
    as: "admin",
    path: (w) => `${A}/build/${w.completed}/`,
    init: { method: "PUT" },
    calls: { GetItemCommand: 5, UpdateItemCommand: 1, TransactWriteItemsCommand: 1 },
    units: 5,
  },
  {
    route: "cancelBuild",
    when: "",
    as: "admin",
    path: (w) => `${A}/build/${w.hidden}/cancel/`,
    init: { method: "PUT" },
    calls: { GetItemCommand: 2, TransactWriteItemsCommand: 1 },
    units: 2,
  },
  {
    route: "postSpecification",
    when: "of a new environment",
    as: "admin",
    path: () => `${A}/specification/`,
    init: spec("costly"),
    calls: { BatchGetItemCommand: 1, GetItemCommand: 3, UpdateItemCommand: 3, TransactWriteItemsCommand: 1 },
    units: 3,
  },
  {
    route: "postSpecification",
    when: "posted before",
    as: "admin",
    path: () => `${A}/specification/`,
    init: spec("costly"),
    calls: { BatchGetItemCommand: 1, GetItemCommand: 3, UpdateItemCommand: 1, TransactWriteItemsCommand: 1 },
    units: 3,
  },
  {
    route: "postSpecification",
    when: "that is not allowed",
    as: "viewer",
    path: () => `${A}/specification/`,
    init: spec("costly"),
    calls: MEMBER,
    units: 1,
  },
  { ...build("getBuild", ""), calls: { GetItemCommand: 2 }, units: 2 },
  { ...build("getBuild", ""), when: "that is not allowed", as: "nobody" },
  // A package list never changes, so it is read at half the price.
  { ...build("listBuildPackages", "packages/"), calls: { GetItemCommand: 2 }, units: 1.5 },
  build("getBuildLogs", "logs/"),
  build("getBuildYaml", "yaml/"),
  build("getBuildLockfile", "lockfile/"),
  build("getBuildArchive", "archive/"),
  {
    route: "getSettings",
    when: "",
    as: "admin",
    path: () => `${A}/setting/`,
    calls: { BatchGetItemCommand: 1 },
    units: 0,
  },
  {
    route: "putSettings",
    when: "",
    as: "admin",
    path: () => `${A}/setting/`,
    init: put({ conda_default_packages: ["python"] }),
    calls: { UpdateItemCommand: 1 },
    units: 0,
  },
  {
    route: "getNamespaceSettings",
    when: "",
    as: "admin",
    path: () => `${A}/setting/team/`,
    calls: { BatchGetItemCommand: 1 },
    units: 0,
  },
  {
    route: "putNamespaceSettings",
    when: "",
    as: "admin",
    path: () => `${A}/setting/team/`,
    init: put({ conda_default_packages: ["python"] }),
    calls: { UpdateItemCommand: 1 },
    units: 0,
  },
  {
    route: "getEnvironmentSettings",
    when: "",
    as: "admin",
    path: () => `${A}/setting/team/demo/`,
    calls: { BatchGetItemCommand: 1 },
    units: 0,
  },
  {
    route: "putEnvironmentSettings",
    when: "",
    as: "admin",
    path: () => `${A}/setting/team/demo/`,
    init: put({ conda_default_packages: ["python"] }),
    calls: { UpdateItemCommand: 1 },
    units: 0,
  },
  { route: "showLogin", when: "", as: "nobody", path: () => "/login/", calls: {}, units: 0 },
  {
    route: "login",
    when: "",
    as: "nobody",
    path: () => "/login/",
    init: post({ username: "a", password: DUMMY_PASSWORD }),
    calls: {},
    units: 0,
  },
  { route: "logout", when: "", as: "nobody", path: () => "/logout/", init: make, calls: {}, units: 0 },
];

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
