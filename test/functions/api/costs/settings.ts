import { put } from "#test/kit/api.ts";
import type { Cost } from "./cost.ts";

export const SETTINGS_COSTS: readonly Cost[] = [
  {
    route: "getSettings",
    when: "",
    as: "admin",
    path: () => "/api/v1/setting/",
    calls: { BatchGetItemCommand: 1 },
    units: 0,
  },
  {
    route: "putSettings",
    when: "",
    as: "admin",
    path: () => "/api/v1/setting/",
    init: put({ conda_default_packages: ["python"] }),
    calls: { TransactWriteItemsCommand: 1 },
    units: 0,
  },
  {
    route: "getNamespaceSettings",
    when: "",
    as: "admin",
    path: () => "/api/v1/setting/team/",
    calls: { BatchGetItemCommand: 1 },
    units: 0,
  },
  {
    route: "putNamespaceSettings",
    when: "",
    as: "admin",
    path: () => "/api/v1/setting/team/",
    init: put({ conda_default_packages: ["python"] }),
    calls: { TransactWriteItemsCommand: 1 },
    units: 0,
  },
  {
    route: "getEnvironmentSettings",
    when: "",
    as: "admin",
    path: () => "/api/v1/setting/team/demo/",
    calls: { BatchGetItemCommand: 1 },
    units: 0,
  },
  {
    route: "putEnvironmentSettings",
    when: "",
    as: "admin",
    path: () => "/api/v1/setting/team/demo/",
    init: put({ conda_default_packages: ["python"] }),
    calls: { TransactWriteItemsCommand: 1 },
    units: 0,
  },
];
