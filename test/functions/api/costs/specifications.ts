import { post } from "#test/kit/api.ts";
import { type Cost, MEMBER } from "./cost.ts";

const spec = (name: string) =>
  post({ specification: `name: ${name}\ndependencies: [python]\n`, namespace: "team" });

export const SPECIFICATIONS_COSTS: readonly Cost[] = [
  {
    route: "postSpecification",
    when: "of a new environment",
    as: "admin",
    path: () => "/api/v1/specification/",
    init: spec("costly"),
    calls: { BatchGetItemCommand: 1, UpdateItemCommand: 1, TransactWriteItemsCommand: 1 },
    units: 0,
  },
  {
    route: "postSpecification",
    when: "posted before",
    as: "admin",
    path: () => "/api/v1/specification/",
    init: spec("costly"),
    calls: { BatchGetItemCommand: 1, UpdateItemCommand: 1, TransactWriteItemsCommand: 1 },
    units: 0,
  },
  {
    route: "postSpecification",
    when: "cloned from another environment",
    as: "admin",
    path: () => "/api/v1/specification/",
    init: post({ clone_from: "team/demo", environment_name: "cloned", namespace: "team" }),
    // Beside what every POST costs: the other environment and its build.
    calls: { BatchGetItemCommand: 1, GetItemCommand: 2, UpdateItemCommand: 1, TransactWriteItemsCommand: 1 },
    units: 2,
  },
  {
    route: "postSpecification",
    when: "that is not allowed",
    as: "viewer",
    path: () => "/api/v1/specification/",
    init: spec("costly"),
    calls: { ...MEMBER, UpdateItemCommand: 1 },
    units: 1,
  },
];
