import type { Cost } from "./cost.ts";

const build = (route: string, path: string): Cost => ({
  route,
  when: "of a build",
  as: "viewer",
  path: (w) => `/api/v1/build/${w.completed}/${path}`,
  calls: { GetItemCommand: 1 },
  units: 1,
});

export const BUILDS_COSTS: readonly Cost[] = [
  {
    route: "listBuilds",
    when: "of one environment, as conda-store's page asks every five seconds",
    as: "viewer",
    path: () => "/api/v1/build/?namespace=team&name=next&order=desc&sort_by=scheduled_on",
    calls: { GetItemCommand: 1, QueryCommand: 2, BatchGetItemCommand: 1 },
    // And one for each build of the page, which MiniStack does not report of a batch.
    units: 3,
  },
  {
    route: "listBuilds",
    when: "of what a viewer may see",
    as: "viewer",
    path: () => "/api/v1/build/?size=1",
    // A namespace each for the viewer and the two that everybody sees.
    calls: { QueryCommand: 4, BatchGetItemCommand: 1 },
    units: 4,
  },
  {
    route: "rebuild",
    when: "",
    as: "admin",
    path: (w) => `/api/v1/build/${w.completed}/`,
    init: { method: "PUT" },
    calls: { GetItemCommand: 1, BatchGetItemCommand: 1, UpdateItemCommand: 1, TransactWriteItemsCommand: 1 },
    units: 1,
  },
  {
    route: "rebuild",
    when: "frozen to its lock",
    as: "admin",
    path: (w) => `/api/v1/build/${w.completed}/?frozen=true`,
    init: { method: "PUT" },
    calls: { GetItemCommand: 1, BatchGetItemCommand: 1, UpdateItemCommand: 1, TransactWriteItemsCommand: 1 },
    units: 1,
  },
  {
    route: "cancelBuild",
    when: "",
    as: "admin",
    path: (w) => `/api/v1/build/${w.hidden}/cancel/`,
    init: { method: "PUT" },
    calls: { GetItemCommand: 2, TransactWriteItemsCommand: 1 },
    units: 2,
  },
  { ...build("getBuild", ""), when: "whose specification was read before" },
  {
    ...build("getBuild", ""),
    when: "that waits",
    path: (w) => `/api/v1/build/${w.queued}/`,
    calls: { GetItemCommand: 2, QueryCommand: 3 },
    units: 5,
  },
  { ...build("getBuild", ""), when: "that is not allowed", as: "nobody" },
  // A package list never changes, so it is read at half the price.
  { ...build("listBuildPackages", "packages/"), calls: { GetItemCommand: 2 }, units: 1.5 },
  build("getBuildLogs", "logs/"),
  build("getBuildYaml", "yaml/"),
  build("getBuildLockfile", "lockfile/"),
  build("getBuildArchive", "archive/"),
  build("getBuildDocker", "docker/"),
  build("getBuildInstaller", "installer/"),
];
