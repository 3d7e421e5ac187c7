import type { Cost } from "./cost.ts";

const DELETE: RequestInit = { method: "DELETE" };

export const DELETION_COSTS: readonly Cost[] = [
  {
    route: "getRetention",
    when: "of an environment with nothing to spare",
    as: "viewer",
    path: () => "/api/v1/environment/team/demo/retention/",
    // The settings; and of no build, no thing.
    calls: { GetItemCommand: 1, BatchGetItemCommand: 1 },
    units: 1,
  },
  {
    route: "pinBuild",
    when: "",
    as: "admin",
    path: (w) => `/api/v1/build/${w.completed}/pin/`,
    init: { method: "PUT" },
    calls: { GetItemCommand: 2, TransactWriteItemsCommand: 1 },
    units: 2,
  },
  {
    route: "unpinBuild",
    when: "",
    as: "admin",
    path: (w) => `/api/v1/build/${w.completed}/pin/`,
    init: DELETE,
    calls: { GetItemCommand: 2, TransactWriteItemsCommand: 1 },
    units: 2,
  },
  {
    route: "deleteBuild",
    when: "that would be deleted",
    as: "admin",
    path: (w) => `/api/v1/build/${w.failed}/?dry_run=true`,
    init: DELETE,
    calls: { GetItemCommand: 2 },
    units: 2,
  },
  {
    route: "deleteBuild",
    when: "",
    as: "admin",
    path: (w) => `/api/v1/build/${w.failed}/`,
    init: DELETE,
    calls: { GetItemCommand: 3, TransactWriteItemsCommand: 1 },
    units: 3,
  },
  {
    route: "deleteEnvironment",
    when: "of one build that has ended",
    as: "admin",
    path: () => "/api/v1/environment/secret/hidden/",
    init: DELETE,
    // It, its build, its rows and those of which something was kept; the mark, the build, the tombstone.
    calls: { GetItemCommand: 2, QueryCommand: 2, TransactWriteItemsCommand: 3 },
    units: 4,
  },
  {
    route: "deleteNamespace",
    when: "with nothing in it but its counts",
    as: "admin",
    path: () => "/api/v1/namespace/secret/",
    init: DELETE,
    calls: { GetItemCommand: 2, QueryCommand: 2, TransactWriteItemsCommand: 4 },
    units: 4,
  },
];
