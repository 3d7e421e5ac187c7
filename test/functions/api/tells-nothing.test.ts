/**
 * A namespace or an environment that the caller may not read is answered like one that does not exist: status, body, headers,
 * and the same calls to the table, so that neither words nor time tell.
 */
import { beforeAll, describe, expect, test } from "vitest";
import type { Route } from "#core/contract/route.ts";
import { ROUTES } from "#core/contract/routes.ts";
import { type Api, bearer, openApi, post } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { submitted } from "#test/kit/submissions.ts";
import { ROUTE_CASES } from "./cases/all.ts";
import { makeWorld } from "./world.ts";

const aws = useMiniStack();
let api: Api;
const askers: Record<string, Record<string, string>> = {};

/** As long as what is there, so that not even lengths differ: `secret` and `hidden` are there. */
const THERE = { namespace: "secret", environment: "hidden" };
const MISSING = { namespace: "sicret", environment: "hidden" };
const EMPTY = { namespace: "secret", environment: "hidten" };

beforeAll(async () => {
  api = openApi(aws);
  await makeWorld(api.services);
  await submitted(api.services.db, { namespace: "team", environment: "other" });
  Object.assign(askers, {
    nobody: {},
    "a member of another namespace": bearer(await api.token({ "elsewhere/*": ["admin"] })),
    "who may read one environment in it": bearer(await api.token({ "secret/open": ["viewer"] })),
  });
});

interface Seen {
  readonly status: number;
  readonly body: string;
  readonly headers: Record<string, string>;
  readonly calls: readonly string[];
}

/** What an asker can tell, but for what is each request's own. */
async function seen(asker: string, path: string, init: RequestInit, place: typeof THERE): Promise<Seen> {
  const plain = (text: string): string =>
    text.replaceAll(place.namespace, "NS").replaceAll(place.environment, "ENV");
  api.calls.length = 0;
  const headers = { ...(init.headers as Record<string, string>), ...askers[asker] };
  const response = await api.request(path, { ...init, headers });
  const id = response.headers.get("x-request-id") ?? "";
  const told = [...response.headers].map(([name, value]) => [name, plain(value.replaceAll(id, "ID"))]);
  return {
    status: response.status,
    body: plain((await response.text()).replaceAll(id, "ID")),
    headers: Object.fromEntries(told) as Record<string, string>,
    calls: api.calls.map(({ command, capacityUnits }) => `${command} ${capacityUnits}`),
  };
}

interface Question {
  readonly says: string;
  readonly path: (place: typeof THERE) => string;
  readonly init: (place: typeof THERE) => RequestInit;
}

/** Of each route with a namespace in its path, its case that works, about another place. */
const byPath: Question[] = (ROUTES as readonly Route[])
  .filter(({ params }) => "namespace" in params.entries)
  .map((route) => {
    const happy = ROUTE_CASES[route.id]?.find(({ kind }) => kind === "happy");
    return {
      says: route.id,
      path: ({ namespace, environment }) =>
        `${route.path.replace(":namespace", namespace).replace(":environment", environment)}/?other_namespace=team`,
      init: () => happy?.init ?? {},
    };
  });

/** What names a place elsewhere. */
const byQuery = (says: string, path: (place: typeof THERE) => string): Question => ({
  says,
  path,
  init: () => ({}),
});
const byBody = (says: string, body: (place: typeof THERE) => object): Question => ({
  says,
  path: () => "/api/v1/specification/",
  init: (place) => post(body(place)),
});
const QUESTIONS: readonly Question[] = [
  ...byPath,
  byQuery("listEnvironments", (p) => `/api/v1/environment/?namespace=${p.namespace}&name=${p.environment}`),
  byQuery("listEnvironments, searched", (p) => `/api/v1/environment/?search=${p.environment}`),
  byQuery("listEnvironmentsByCursor", (p) => `/api/v2/environment/?namespace=${p.namespace}`),
  byQuery("listBuilds", (p) => `/api/v1/build/?namespace=${p.namespace}&name=${p.environment}`),
  byQuery("listWatchedFiles", (p) => `/api/v1/watched/?namespace=${p.namespace}`),
  byQuery("listAudit", (p) => `/api/v1/audit/?namespace=${p.namespace}`),
  byQuery(
    "explainPermission",
    (p) =>
      `/api/v1/permission/explanation/?permission=environment::read&namespace=${p.namespace}&environment=${p.environment}`,
  ),
  byQuery("explainPermission of another", (p) => {
    const why = "/api/v1/permission/explanation/?permission=environment::read";
    return `${why}&primary_namespace=${p.namespace}`;
  }),
  byQuery("listTokens", (p) => `/api/v1/token/?primary_namespace=${p.namespace}`),
  byBody("postSpecification", ({ namespace, environment }) => ({
    namespace,
    specification: `name: ${environment}\nchannels: [conda-forge]\ndependencies: [python]\n`,
  })),
  byBody("postSpecification, cloned", ({ namespace, environment }) => ({
    namespace: "elsewhere",
    specification: "",
    clone_from: { namespace, environment, name: "copy" },
  })),
];

/** Who was given something in a namespace may know that it is there, and no more. */
const PLACES: Readonly<Record<string, readonly (typeof THERE)[]>> = {
  nobody: [MISSING, EMPTY],
  "a member of another namespace": [MISSING, EMPTY],
  "who may read one environment in it": [EMPTY],
};

describe.each(Object.entries(PLACES))("%s", (asker, places) => {
  test.each(QUESTIONS)("cannot tell by $says whether something is there", async ({ path, init }) => {
    const there = await seen(asker, path(THERE), init(THERE), THERE);
    expect(there.status).toBeLessThan(500);
    for (const place of places) {
      expect(await seen(asker, path(place), init(place), place)).toEqual(there);
    }
  });
});

test("the question is one: who may read it is told the difference", async () => {
  askers["admin"] = bearer(await api.token({ "*/*": ["admin"] }));
  const path = (place: typeof THERE) => `/api/v1/environment/${place.namespace}/${place.environment}/`;
  const [there, missing] = [
    await seen("admin", path(THERE), {}, THERE),
    await seen("admin", path(MISSING), {}, MISSING),
  ];
  expect([there.status, missing.status]).toEqual([200, 404]);
});
