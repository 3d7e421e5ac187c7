import { type Cost, MEMBER } from "./cost.ts";

export const WATCHED_COSTS: readonly Cost[] = [
  {
    route: "listWatchedFiles",
    when: "all of them",
    as: "admin",
    path: () => "/api/v1/watched/",
    calls: { QueryCommand: 1 },
    units: 1,
  },
  {
    route: "listWatchedFiles",
    when: "of one namespace",
    as: "viewer",
    path: () => "/api/v1/watched/?namespace=team",
    calls: { QueryCommand: 1 + MEMBER.QueryCommand },
    units: 2,
  },
];
