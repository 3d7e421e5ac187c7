import { put } from "#test/kit/api.ts";
import type { Cost } from "./cost.ts";

export const ENVIRONMENTS_COSTS: readonly Cost[] = [
  {
    route: "listEnvironments",
    when: "of one namespace",
    as: "viewer",
    path: () => "/api/v1/environment/?namespace=team&size=100",
    calls: { GetItemCommand: 1, QueryCommand: 2 },
    units: 3,
  },
  {
    route: "listEnvironments",
    when: "of a namespace that is not allowed",
    as: "nobody",
    path: () => "/api/v1/environment/?namespace=team",
    calls: { GetItemCommand: 1 },
    units: 1,
  },
  {
    route: "getEnvironment",
    when: "",
    as: "viewer",
    path: () => "/api/v1/environment/team/demo/",
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
    path: () => "/api/v1/environment/team/demo/lockfile/",
    calls: { GetItemCommand: 2 },
    units: 2,
  },
  {
    route: "updateEnvironment",
    when: "that is to show another build",
    as: "admin",
    path: () => "/api/v1/environment/team/demo/",
    init: (w) => put({ build_id: w.completed }),
    calls: { GetItemCommand: 2, QueryCommand: 1, TransactWriteItemsCommand: 1 },
    units: 3,
  },
];
