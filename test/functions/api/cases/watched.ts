/**
 * Watched files.
 * @module
 */
import type { RouteCases } from "./case.ts";

export const WATCHED_CASES: RouteCases = {
  listWatchedFiles: [
    {
      kind: "happy",
      says: "an admin sees every file",
      as: "admin",
      path: () => "/api/v1/watched/",
      status: 200,
      shows: /"path":"secret\/hidden\.yml".*"path":"team\/demo\.yml","status":"built".*"count":2/,
    },
    {
      kind: "happy",
      says: "a viewer sees those of the namespace",
      as: "viewer",
      path: () => "/api/v1/watched/",
      status: 200,
      shows: /"path":"team\/demo\.yml".*"count":1/,
      hides: /secret/,
    },
    {
      kind: "malformed",
      says: "page 0",
      as: "admin",
      path: () => "/api/v1/watched/?page=0",
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "unauthenticated",
      says: "nobody sees nothing",
      as: "nobody",
      path: () => "/api/v1/watched/",
      status: 200,
      hides: /team|secret/,
    },
    {
      kind: "forbidden",
      says: "a stranger sees nothing of a namespace that is not theirs",
      as: "stranger",
      path: () => "/api/v1/watched/?namespace=team",
      status: 200,
      hides: /demo/,
    },
  ],
};
