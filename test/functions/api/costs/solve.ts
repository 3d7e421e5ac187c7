import { post } from "#test/kit/api.ts";
import type { Cost } from "./cost.ts";

const asked = (name: string) =>
  post({ specification: `name: ${name}\ndependencies: [python]\n`, namespace: "team" });

export const SOLVE_COSTS: readonly Cost[] = [
  {
    route: "postSolve",
    when: "nobody asked before",
    as: "admin",
    path: () => "/api/v1/solve/",
    init: asked("never-asked"),
    calls: { BatchGetItemCommand: 1, GetItemCommand: 1, UpdateItemCommand: 1, TransactWriteItemsCommand: 1 },
    units: 1,
  },
  {
    route: "getSolve",
    when: "of an environment that there is not",
    as: "admin",
    path: ({ solve }) => `/api/v1/solve/${solve}/`,
    calls: { GetItemCommand: 2 },
    units: 2,
  },
  {
    route: "solveSpecification",
    when: "solved a moment ago",
    as: "admin",
    path: () => "/api/v1/specification/?conda=python&namespace=team",
    calls: { BatchGetItemCommand: 1, GetItemCommand: 3, UpdateItemCommand: 1 },
    units: 3,
  },
];
