/**
 * The ten routes that conda-store's clients use most, as they ask them.
 * @module
 */
import { DEPENDENCIES, type World } from "./seed.ts";

export interface BenchRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly query: string;
  readonly body?: string;
}

export interface BenchRoute {
  readonly name: string;
  /** @param n counts up, so that every specification posted is another one */
  readonly ask: (world: World, n: number) => BenchRequest;
  readonly status: number;
}

const get = (path: string, query = ""): BenchRequest => ({ method: "GET", path: `/api/v1${path}`, query });

export const BENCH_ROUTES = [
  { name: "permission", ask: () => get("/permission/"), status: 200 },
  { name: "list namespaces", ask: () => get("/namespace/"), status: 200 },
  { name: "list 100", ask: () => get("/environment/", "page=1&size=100"), status: 200 },
  {
    name: "list 100, page 10",
    ask: () => get("/environment/", "page=10&size=100"),
    status: 200,
  },
  {
    name: "one environment",
    ask: ({ namespace, environment }) => get(`/environment/${namespace}/${environment}/`),
    status: 200,
  },
  {
    name: "builds of it",
    ask: ({ namespace, environment }) =>
      get("/build/", `namespace=${namespace}&name=${environment}&order=desc&sort_by=scheduled_on`),
    status: 200,
  },
  { name: "one build", ask: ({ build }) => get(`/build/${build}/`), status: 200 },
  { name: "its packages", ask: ({ build }) => get(`/build/${build}/packages/`, "size=100"), status: 200 },
  { name: "its archive", ask: ({ build }) => get(`/build/${build}/archive/`), status: 307 },
  {
    name: "POST",
    ask: (_, n) => ({
      method: "POST",
      path: "/api/v1/specification/",
      query: "",
      body: JSON.stringify({ namespace: `posted-${n % 16}`, specification: specification(n) }),
    }),
    status: 200,
  },
] as const satisfies readonly BenchRoute[];

export type RouteName = (typeof BENCH_ROUTES)[number]["name"];

const specification = (n: number): string =>
  [
    `name: posted-${n}`,
    "channels:",
    "  - conda-forge",
    "dependencies:",
    ...DEPENDENCIES.map((each) => `  - ${each}.${n}`),
    "",
  ].join("\n");
