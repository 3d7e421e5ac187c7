import { type Cost, MEMBER } from "./cost.ts";

export const STORE_COSTS: readonly Cost[] = [
  { route: "getStatus", when: "", as: "nobody", path: () => "/api/v1/", calls: {}, units: 0 },
  { route: "getOpenApi", when: "", as: "nobody", path: () => "/openapi.json", calls: {}, units: 0 },
  {
    route: "getPermission",
    when: "",
    as: "viewer",
    path: () => "/api/v1/permission/",
    calls: MEMBER,
    units: 1,
  },
  {
    route: "postToken",
    when: "",
    as: "viewer",
    path: () => "/api/v1/token/",
    init: { method: "POST" },
    calls: MEMBER,
    units: 1,
  },
  {
    route: "getUsage",
    when: "of everything",
    as: "admin",
    path: () => "/api/v1/usage/",
    calls: { QueryCommand: 1, BatchGetItemCommand: 1 },
    units: 1,
  },
  {
    route: "listChannels",
    when: "",
    as: "nobody",
    path: () => "/api/v1/channel/",
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
];
